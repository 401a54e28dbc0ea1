// What stands between a person and the paper: log-in, consent, community; each asked for once.

import { call } from "../api.js";
import { kept } from "../store.js";

/** Go to the first thing that is missing, or to the paper. */
export async function showStart(slug) {
  const session = kept("me.session");
  if (!session) return { go: `#/login/${encodeURIComponent(`#/c/${slug}/start`)}` };
  const state = await call("GET", "campaigns/{slug}/me", { slug });
  if (!state.consents.privacy) return { go: `#/c/${slug}/privacy` };
  if (!session.citizen.region && !kept("me.no-region")) return { go: `#/c/${slug}/region` };
  return { go: `#/c/${slug}/paper` };
}
