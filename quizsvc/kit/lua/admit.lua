-- Let one try in if each of its buckets has room for it.
--
-- KEYS, all under one hash tag: a bucket each: theoretical arrival time in microseconds (GCRA)
-- ARGV: for each key in turn: interval in us between tries, burst
-- Returns microseconds until the fullest bucket has room again, nothing charged; 0: admitted, every bucket is charged.
--
-- Why one script: the look and the charge must be one act, or many tries at once would all see the last free place.
-- Every check stands before the first write. Time is Redis' own, the same for all application hosts.

local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000000 + tonumber(clock[2])

local wait, arrivals = 0, {}
for i, key in ipairs(KEYS) do
  local step, burst = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
  local arrival = math.max(tonumber(redis.call('GET', key) or now), now)
  wait = math.max(wait, arrival - step * (burst - 1) - now)
  arrivals[i] = arrival + step
end
if wait > 0 then return wait end

for i, key in ipairs(KEYS) do
  redis.call('SET', key, string.format('%.0f', arrivals[i]), 'PX', math.ceil((arrivals[i] - now) / 1000) + 1000)
end
return 0
