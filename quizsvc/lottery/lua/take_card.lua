-- Give a ticket the next card of a round.
--
-- KEYS, all under one hash tag:
--   1  next    highest position handed out in this round (a number); absent: cold
--   2  seen    ticket -> position of this round (a hash)
--   3  pace    the citizen's pace: theoretical arrival time in microseconds (GCRA)
--   4  admit   the campaign's admission: theoretical arrival time in microseconds (GCRA)
-- ARGV: 1 ticket, 2 cards in the round, 3 lifetime of keys 1 and 2 in seconds,
--       4 pace interval in us, 5 pace burst, 6 admission interval in us, 7 admission burst
-- Returns {word, number}:
--   card      position
--   too_fast  microseconds until this citizen may try again
--   busy      microseconds until the campaign admits again
--   empty     0: every card was handed out
--   cold      0: the counter is not there; raise it to the ledger's highest position first
--
-- Why one script: the look for the ticket, the two gates and the step must be one act, or a retry could take a second
-- card. Every check stands before the first write. Time is Redis' own, the same for all application hosts.

local seen = redis.call('HGET', KEYS[2], ARGV[1])
if seen then return {'card', tonumber(seen)} end

local next = redis.call('GET', KEYS[1])
if not next then return {'cold', 0} end
if tonumber(next) >= tonumber(ARGV[2]) then return {'empty', 0} end

local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000000 + tonumber(clock[2])

local pace_step, pace_burst = tonumber(ARGV[4]), tonumber(ARGV[5])
local pace = math.max(tonumber(redis.call('GET', KEYS[3]) or now), now)
local pace_wait = pace - pace_step * (pace_burst - 1) - now
if pace_wait > 0 then return {'too_fast', pace_wait} end

local admit_step, admit_burst = tonumber(ARGV[6]), tonumber(ARGV[7])
local admit = math.max(tonumber(redis.call('GET', KEYS[4]) or now), now)
local admit_wait = admit - admit_step * (admit_burst - 1) - now
if admit_wait > 0 then return {'busy', admit_wait} end

redis.call('SET', KEYS[3], string.format('%.0f', pace + pace_step), 'PX', math.ceil((pace + pace_step - now) / 1000) + 1000)
redis.call('SET', KEYS[4], string.format('%.0f', admit + admit_step), 'PX', math.ceil((admit + admit_step - now) / 1000) + 1000)
local position = redis.call('INCR', KEYS[1])
redis.call('HSET', KEYS[2], ARGV[1], position)
redis.call('EXPIRE', KEYS[1], ARGV[3])
redis.call('EXPIRE', KEYS[2], ARGV[3])
return {'card', position}
