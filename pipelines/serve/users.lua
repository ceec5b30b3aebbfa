-- For wrk: lists of ten for the users named in the file USERS, one after the other. Requests are made before they are
-- needed: what is timed is not this script.
local requests, at = {}, 0

function init()
    for user in io.lines(os.getenv("USERS")) do
        requests[#requests + 1] = wrk.format("GET", "/api/recommend/" .. user .. "?n=10")
    end
end

function request()
    at = at % #requests + 1
    return requests[at]
end
