"""The staff's pages and the acts that span slices: checking, publishing and closing a campaign.

Owns no tables."""
