-- The shop's mix with exponential think times, as shop.yaml has it; figures are written in the format
-- of k6's --summary-export, which `simulator backtest --k6` reads.
local think_ms = tonumber(os.getenv("SHOP_THINK_MS"))
local number = 0

function init(args)
  math.randomseed(tonumber(os.getenv("SHOP_SEED")))
end

function delay()
  return math.floor(-think_ms * math.log(1 - math.random()) + 0.5)
end

function request()
  number = number + 1
  local draw = math.random()
  if draw < 0.6 then return wrk.format("GET", "/items/" .. number % 1000) end
  if draw < 0.9 then return wrk.format("GET", "/tags/" .. number % 1000) end
  return wrk.format("POST", "/orders", {["Content-Type"] = "application/json"},
                    '{"item": "' .. number % 1000 .. '"}')
end

function done(summary, latency, requests)
  local seconds = summary.duration / 1e6
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  local file = io.open(os.getenv("SHOP_OUT"), "w")
  file:write(string.format(
      '{"metrics": {"http_reqs": {"count": %d, "rate": %.6f}, "http_req_failed": {"value": %.6f}, ' ..
      '"vus": {"max": %d}, "http_req_duration": {"avg": %.6f, "med": %.6f, "p(90)": %.6f, ' ..
      '"p(95)": %.6f, "p(99)": %.6f, "max": %.6f}}}\n',
      summary.requests, summary.requests / seconds, failed / summary.requests,
      tonumber(os.getenv("SHOP_USERS")), latency.mean / 1000, latency:percentile(50) / 1000,
      latency:percentile(90) / 1000, latency:percentile(95) / 1000, latency:percentile(99) / 1000,
      latency.max / 1000))
  file:close()
end
