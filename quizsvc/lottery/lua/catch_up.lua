-- Raise a round's counter to the ledger's highest position and forget a ticket's position.
--
-- KEYS, under one hash tag: 1 next, 2 seen (as in take_card.lua)
-- ARGV: 1 ticket, 2 the ledger's highest position, 3 lifetime in seconds
-- Returns the counter.
--
-- Why: after Redis was emptied or came back with older data, its counter is behind the ledger. It is only ever raised,
-- so two processes that catch up at once cannot undo each other.

local next = tonumber(redis.call('GET', KEYS[1]) or -1)
local highest = tonumber(ARGV[2])
if highest > next then next = highest end
redis.call('SET', KEYS[1], next, 'EX', ARGV[3])
redis.call('HDEL', KEYS[2], ARGV[1])
return next
