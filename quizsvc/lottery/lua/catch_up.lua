-- Raise a round's counter to the ledger's highest position, and forget a ticket's position if it was taken.
--
-- KEYS, under one hash tag: 1 next, 2 seen (as in take_card.lua)
-- ARGV: 1 ticket, 2 the position that somebody else's draw holds (0: none, the counter was cold),
--       3 the ledger's highest position, 4 lifetime in seconds
-- Returns the counter.
--
-- Why: after Redis was emptied or came back with older data, its counter is behind the ledger. It is only ever raised,
-- so two processes that catch up at once cannot undo each other. The position is forgotten only while it is still the
-- taken one: another request of the same ticket may have got a good one meanwhile, and would lose its card.

local next = tonumber(redis.call('GET', KEYS[1]) or -1)
local highest = tonumber(ARGV[3])
if highest > next then next = highest end
redis.call('SET', KEYS[1], next, 'EX', ARGV[4])
if redis.call('HGET', KEYS[2], ARGV[1]) == ARGV[2] then redis.call('HDEL', KEYS[2], ARGV[1]) end
return next
