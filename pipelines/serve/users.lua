-- For wrk: lists of ten for the users named in the file USERS, one after the other.
local users, at = {}, 0
for user in io.lines(os.getenv("USERS")) do users[#users + 1] = user end

function request()
    at = at % #users + 1
    return wrk.format("GET", "/api/recommend/" .. users[at] .. "?n=10")
end
