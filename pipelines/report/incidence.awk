# Where the matrix is filled: user,item rows to a grid, users from the most active, items from the most popular on, as
# "column row share of the cell that is rated". Of more than three million ratings every n-th is taken, doubling n.
BEGIN { FS = ","; columns = 60; rows = 36; every = 1 }
FNR == 1 { next }
{
    if (++seen % every) next
    user[n] = $1; item[n++] = $2
    if (n < 3000000) next
    for (i = 0; 2 * i < n; i++) { user[i] = user[2 * i]; item[i] = item[2 * i] }
    n = i; every *= 2
}
END {
    for (i = 0; i < n; i++) { users[user[i]]++; items[item[i]]++ }
    n_users = place(users, user_place)
    n_items = place(items, item_place)
    if (n_users < 1) exit
    rows = n_users < rows ? n_users : rows
    columns = n_items < columns ? n_items : columns
    for (i = 0; i < n; i++)
        cell[int(item_place[item[i]] * columns / n_items), int(user_place[user[i]] * rows / n_users)]++
    for (c = 0; c < columns; c++)
        for (r = 0; r < rows; r++) {
            size = (int((c + 1) * n_items / columns) - int(c * n_items / columns)) * \
                   (int((r + 1) * n_users / rows) - int(r * n_users / rows))
            if (size > 0 && cell[c, r] > 0) {
                share = cell[c, r] * every / size
                print c / columns, r / rows, share < 1 ? share : 1, 1 / columns, 1 / rows
            }
        }
}
# POSITION[name] = place by descending count, from 0, by counting sort: equal ones in the order of awk's arrays.
function place(count, position,   name, total, largest, i, at, k) {
    for (name in count) { k = count[name]; bucket[k]++; if (k > largest) largest = k }
    for (i = largest; i > 0; i--) { at[i] = total; total += bucket[i] }
    for (name in count) position[name] = at[count[name]]++
    for (i in bucket) delete bucket[i]
    return total
}
