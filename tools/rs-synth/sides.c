#include "sides.h"

#include <math.h>
#include <time.h>

#include "normal.h"
#include "streams.h"

static const char *const genres[] = {
    "Action",      "Adventure", "Animation", "Children",  "Comedy", "Crime",
    "Documentary", "Drama",     "Fantasy",   "Film-Noir", "Horror", "Musical",
    "Mystery",     "Romance",   "Sci-Fi",    "Thriller",  "War",    "Western"};
static const char *const occupations[] = {
    "administrator", "artist",     "doctor",    "educator",  "engineer",   "entertainment",
    "executive",     "healthcare", "lawyer",    "librarian", "marketing",  "programmer",
    "retired",       "salesman",   "scientist", "student",   "technician", "writer"};
static const char *const qualities[] = {
    "Amber", "Broken", "Crimson", "Distant", "Electric", "Frozen", "Golden", "Hidden",
    "Iron",  "Jade",   "Kindly",  "Lost",    "Midnight", "Narrow", "Open",   "Paper",
    "Quiet", "Red",    "Silver",  "Twisted", "Upper",    "Velvet", "White",  "Young"};
static const char *const things[] = {
    "Arrow",  "Bridge", "Castle",  "Door",   "Engine",   "Forest", "Garden",  "Harbour",
    "Island", "Jury",   "Kitchen", "Letter", "Mountain", "Night",  "Orchard", "Promise",
    "Queen",  "River",  "Station", "Tower",  "Umbrella", "Valley", "Window",  "Year"};
static const char *const places[] = {
    "",       "Avalon", "Bergen", "Cordoba", "Dover",  "Ephesus", "Florence", "Granada", "Havana",
    "Ithaca", "Jaffa",  "Kyoto",  "Lisbon",  "Malta",  "Naples",  "Oslo",     "Palermo", "Quebec",
    "Riga",   "Siena",  "Tunis",  "Uppsala", "Verona", "Warsaw",  "York",     "Zagreb"};
enum {
    N_GENRES = sizeof genres / sizeof *genres,
    N_OCCUPATIONS = sizeof occupations / sizeof *occupations,
    N_QUALITIES = sizeof qualities / sizeof *qualities,
    N_THINGS = sizeof things / sizeof *things,
    N_PLACES = sizeof places / sizeof *places,
};

/* What a factor says of a user or item, in standard deviations. */
static double trait(const float *row, size_t f, double deviation) {
    return deviation > 0 ? (double)row[f] / deviation : 0;
}

/* Two numbers of the user's taste and as much chance again make one of N values of equal frequency.
 */
static unsigned value_from(double trait_value, struct rs_random *random, unsigned n) {
    double z = (trait_value + normal_draw(random)) / sqrt(2.0);
    unsigned value = (unsigned)(0.5 * erfc(-z / sqrt(2.0)) * n);
    return value < n ? value : n - 1;
}

void sides_print_users(const struct world *world, FILE *file) {
    double deviation = world->plan.shape.taste;
    size_t n_factors = world->plan.n_factors;
    fputs("user,age,sex,occupation,zip,region\n", file);
    for (uint32_t id = 1; id <= world->n_users; id++) {
        uint32_t u = world->user_of[id - 1];
        const float *row = world->user_factors + (size_t)u * world->stride;
        struct rs_random random = rs_random_stream(world->plan.seed, STREAM_SIDE, 0, u);
        double first = trait(row, 0, deviation), second = trait(row, 1 % n_factors, deviation);
        unsigned sex = value_from(first, &random, 2);
        unsigned age = 14 + value_from(second, &random, 60);
        unsigned occupation =
            value_from(trait(row, 2 % n_factors, deviation), &random, N_OCCUPATIONS);
        unsigned zip = (world->region[u] + 1u) * 100 + rs_random_below(&random, 100);
        fprintf(file, "%u,%u,%c,%s,%05u,%u\n", id, age, sex == 0 ? 'F' : 'M',
                occupations[occupation], zip, world->region[u] + 1u);
    }
}

/* A factor has a genre at either end. An item has those of the factors in which it lies a standard
 * deviation off the middle, at most three, and at least the one in which it lies farthest. */
static void print_genres(const struct world *world, uint32_t item, FILE *file) {
    const float *row = world->item_factors + (size_t)item * world->stride;
    double sum = 0;
    for (size_t f = 0; f < world->plan.n_factors; f++) sum += 1 / ((double)f + 1);
    bool taken[N_GENRES] = {false};
    for (int k = 0; k < 3; k++) {
        double farthest = k == 0 ? -1 : 1;
        size_t found = N_GENRES;
        for (size_t f = 0; f < world->plan.n_factors; f++) {
            double z = trait(row, f, sqrt(1 / ((double)f + 1) / sum));
            size_t genre = (2 * f + (z < 0)) % N_GENRES;
            if (taken[genre] || fabs(z) <= farthest) continue;
            farthest = fabs(z);
            found = genre;
        }
        if (found == N_GENRES) return;
        taken[found] = true;
        fprintf(file, "%s%s", k == 0 ? "" : "|", genres[found]);
    }
}

/* Old items were made up to sixty years before the first rating. */
static int year_of(const struct world *world, uint32_t item, struct rs_random *random) {
    int64_t age =
        world->appeared[item] < 0 ? (int64_t)(60 * 365.0 * pow(rs_random_uniform(random), 2)) : 0;
    time_t when = (time_t)(world->plan.start + world->appeared[item] - age * DAY);
    struct tm date;
    gmtime_r(&when, &date);
    return date.tm_year + 1900;
}

void sides_print_items(const struct world *world, FILE *file) {
    fputs("item,title,genres\n", file);
    for (uint32_t id = 1; id <= world->n_items; id++) {
        uint32_t item = world->item_of[id - 1], k = id - 1;
        struct rs_random random = rs_random_stream(world->plan.seed, STREAM_SIDE, 1, item);
        const char *place = places[k / (N_QUALITIES * N_THINGS) % N_PLACES];
        fprintf(file, "%u,%s %s%s%s (%d),", id, qualities[k % N_QUALITIES],
                things[k / N_QUALITIES % N_THINGS], *place == '\0' ? "" : " of ", place,
                year_of(world, item, &random));
        print_genres(world, item, file);
        fputc('\n', file);
    }
}
