# The built-in sample: films of six genres, users with a taste for some of them. Planted, so that what a
# model should find is known: a user rates films of a favourite genre a star and a half above others,
# and watches them four times as often. Run as `awk -f make.awk -v out=DIR`; the same bytes each time.
#
# Draws come from a linear congruential generator of its own (MINSTD, Park and Miller 1988), whose
# products stay below 2^53, so that every awk gives the same numbers.

function draw() {
    state = (state * 48271) % 2147483647
    return state / 2147483647
}
function pick(n) { return int(draw() * n) + 1 }

BEGIN {
    state = 20240607
    n_users = 120; n_items = 90; n_genres = 6
    split("Adventure Comedy Drama Mystery Romance Western", genre, " ")
    split("Amber Broken Crimson Distant Electric Frozen Golden Hidden Iron Jade Lost Midnight " \
          "Paper Quiet Silver", first, " ")
    split("Harbour Letter Mountain Orchard River Station", second, " ")
    split("artist engineer farmer nurse student teacher", occupation, " ")

    items = out "/items.csv"; users = out "/users.csv"; ratings = out "/ratings.csv"
    print "item,title,genres" > items
    for (i = 1; i <= n_items; i++) {
        main_genre[i] = (i - 1) % n_genres + 1
        other[i] = draw() < 0.3 ? pick(n_genres) : main_genre[i]
        quality[i] = 0.8 * (draw() + draw() - 1)
        popularity[i] = 1 / (1 + int((i - 1) / 6)) ^ 0.4
        title = first[(i - 1) % 15 + 1] " " second[int((i - 1) / 15) + 1]
        genres = genre[main_genre[i]] (other[i] != main_genre[i] ? "|" genre[other[i]] : "")
        printf "%d,\"%s, The (%d)\",%s\n", 100 + i, title, 1950 + pick(70), genres > items
    }
    print "user,age,sex,occupation,zip" > users
    for (u = 1; u <= n_users; u++) {
        favourite[u] = (u - 1) % n_genres + 1
        second_favourite[u] = pick(n_genres)
        generous[u] = 0.5 * (draw() + draw() - 1)
        printf "%d,%d,%s,%s,%05d\n", u, 16 + pick(60), draw() < 0.5 ? "F" : "M",
            occupation[pick(6)], pick(99999) > users
    }
    print "user,item,rating,timestamp" > ratings
    for (u = 1; u <= n_users; u++) {
        activity = 0.3 + 0.9 * draw() * draw()
        when = 1500000000 + pick(60000000)
        for (i = 1; i <= n_items; i++) {
            liked = main_genre[i] == favourite[u] || other[i] == favourite[u]
            liked_too = main_genre[i] == second_favourite[u]
            chance = activity * popularity[i] * (liked ? 2 : liked_too ? 1.2 : 0.5)
            if (draw() >= chance) continue
            value = 3 + quality[i] + generous[u] + (liked ? 1.2 : liked_too ? 0.6 : -0.3) + \
                    0.9 * (draw() + draw() - 1)
            stars = int(value * 2 + 0.5) / 2
            if (stars < 0.5) stars = 0.5
            if (stars > 5) stars = 5
            when += pick(90000)
            printf "%d,%d,%.1f,%d\n", u, 100 + i, stars, when > ratings
        }
    }
}
