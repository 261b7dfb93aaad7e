/* Measures the model on this device and prints a report, JSON as `edgezoo bench` writes it.
 *
 *     zig cc -O2 -Iinclude bench.c lib/libedgezoo.a -lm -o bench        (or cc, clang, the NDK's clang, …)
 *     ./bench NAME.ezb bench.txt > this-device.json
 *     edgezoo dashboard this-device.json
 */
#ifndef _WIN32
#define _POSIX_C_SOURCE 200809L
#include <sys/utsname.h>
#include <unistd.h>
#endif
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "engine.h"

#define ROUNDS 7
#define CALLS 50 /* of each text length in a round */
#define SAMPLES (ROUNDS * CALLS)
#define WARM_UP 20
#define FULL_TOKENS 128
#define MOST_TEXTS 64
#define LENGTH 8192 /* of the reference loop */
#define REPEATS 8
#define REFERENCES 5 /* runs of the loop before a round */
#define BATCH 512

typedef struct {
    const char *start;
    size_t length;
} text;

typedef struct {
    const ez_model *model;
    size_t dimension, labels;
} subject;

typedef struct {
    double total[SAMPLES], tokenise[SAMPLES], infer[SAMPLES]; /* microseconds */
    double reference[ROUNDS];
    double tokens;
} timing;

static float answer[EZ_MAX_DIMENSION];

static double now_us(void) {
    struct timespec at;
#ifdef _WIN32
    timespec_get(&at, TIME_UTC);
#else
    clock_gettime(CLOCK_MONOTONIC, &at);
#endif
    return (double)at.tv_sec * 1e6 + (double)at.tv_nsec / 1e3;
}

/* The loop that every report times: see edgezoo/benchmarks/reference.py. */
static double reference_us(void) {
    static volatile float sums[LENGTH]; /* volatile: each result is read back from memory */
    static volatile uint32_t products[LENGTH];
    double begin = now_us();
    for (int repeat = 0; repeat < REPEATS; repeat++) {
        sums[0] = 1e-3f;
        for (int i = 1; i < LENGTH; i++) sums[i] = sums[i - 1] + 1e-3f;
        products[0] = 1664525u;
        for (int i = 1; i < LENGTH; i++) products[i] = products[i - 1] * 1664525u;
    }
    return now_us() - begin;
}

static int by_size(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* As NumPy has it: between the two nearest. `sorted` is. */
static double percentile(const double *sorted, size_t count, double rank) {
    double place = rank / 100 * (double)(count - 1);
    size_t low = (size_t)place, high = low + 1 < count ? low + 1 : low;
    return sorted[low] + (place - (double)low) * (sorted[high] - sorted[low]);
}

static double median(const double *values, size_t count) {
    double sorted[SAMPLES];
    memcpy(sorted, values, count * sizeof *values);
    qsort(sorted, count, sizeof *sorted, by_size);
    return percentile(sorted, count, 50);
}

static double steady_reference_us(void) {
    double times[REFERENCES];
    for (int i = 0; i < REFERENCES; i++) times[i] = reference_us();
    return median(times, REFERENCES);
}

static void run(const subject *s, text t) {
    if (s->dimension) ez_embed(s->model, t.start, t.length, answer);
    else ez_classify(s->model, t.start, t.length, answer);
}

static double run_us(const subject *s, text t) {
    double begin = now_us();
    run(s, t);
    return now_us() - begin;
}

static void measure(const subject *s, const text *texts, size_t count, timing *into) {
    for (size_t i = 0; i < count; i++)
        into->tokens += (double)ez_tokenize(s->model, texts[i].start, texts[i].length, NULL, 0) / (double)count;
    for (int round = 0; round < ROUNDS; round++) {
        into->reference[round] = steady_reference_us();
        double *total = into->total + round * CALLS, *tokenise = into->tokenise + round * CALLS;
        for (size_t i = 0; i < CALLS; i++) total[i] = run_us(s, texts[i % count]);
        for (size_t i = 0; i < CALLS; i++) {
            text t = texts[i % count];
            double begin = now_us();
            ez_tokenize(s->model, t.start, t.length, NULL, 0);
            tokenise[i] = now_us() - begin;
            double rest = total[i] - tokenise[i];
            into->infer[round * CALLS + (int)i] = rest > 0 ? rest : 0;
        }
    }
}

static void print_text(const char *value, size_t length) {
    putchar('"');
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)value[i];
        if (c < 0x20) printf("\\u%04x", c);
        else if (c == '"' || c == '\\') printf("\\%c", c);
        else putchar(c);
    }
    putchar('"');
}

static void print_distribution(const char *name, const double *samples, const double *reference, int keep) {
    double sorted[SAMPLES], medians[ROUNDS], ratios[ROUNDS], sum = 0, squares = 0;
    memcpy(sorted, samples, sizeof sorted);
    qsort(sorted, SAMPLES, sizeof *sorted, by_size);
    for (int i = 0; i < SAMPLES; i++) sum += samples[i];
    for (int i = 0; i < SAMPLES; i++) squares += (samples[i] - sum / SAMPLES) * (samples[i] - sum / SAMPLES);
    for (int round = 0; round < ROUNDS; round++) {
        medians[round] = median(samples + round * CALLS, CALLS);
        ratios[round] = medians[round] / reference[round];
    }
    printf("\"%s\": {\"num_runs\": %d, \"avg_ms\": %.6f, \"stddev_ms\": %.6f", name, SAMPLES, sum / SAMPLES / 1e3,
           sqrt(squares / SAMPLES) / 1e3);
    printf(", \"min_ms\": %.6f, \"max_ms\": %.6f", sorted[0] / 1e3, sorted[SAMPLES - 1] / 1e3);
    printf(", \"median_ms\": %.6f, \"ratio\": %.4g", median(medians, ROUNDS) / 1e3, median(ratios, ROUNDS));
    static const int ranks[] = {5, 90, 95, 99};
    for (size_t i = 0; i < sizeof ranks / sizeof *ranks; i++)
        printf(", \"p%d_ms\": %.6f", ranks[i], percentile(sorted, SAMPLES, ranks[i]) / 1e3);
    if (keep) {
        for (int i = 0; i < SAMPLES; i++) printf("%s%.2f", i ? ", " : ", \"samples_us\": [", samples[i]);
        printf("]");
    }
    printf("}");
}

static void print_timing(const char *name, const timing *t) {
    printf("   \"%s\": {\"tokens\": %.1f,\n    ", name, t->tokens);
    print_distribution("total", t->total, t->reference, 1);
    printf(",\n    ");
    print_distribution("tokenise", t->tokenise, t->reference, 1);
    printf(",\n    ");
    print_distribution("infer", t->infer, t->reference, 0);
    printf("}");
}

/* The value of a line of a file under /proc, such as "VmRSS:  1234 kB"; empty where there is none. */
static void proc_value(const char *path, const char *name, char *value, size_t size) {
    value[0] = 0;
    char line[256];
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file)) {
        if (strncmp(line, name, strlen(name))) continue;
        const char *begin = strchr(line, ':');
        if (!begin) continue;
        begin += 1 + strspn(begin + 1, " \t");
        snprintf(value, size, "%.*s", (int)strcspn(begin, "\n"), begin);
        break;
    }
    if (file) fclose(file);
}

static long status_kb(const char *name) {
    char value[256];
    proc_value("/proc/self/status", name, value, sizeof value);
    return value[0] ? strtol(value, NULL, 10) : -1;
}

static void print_device(ez_isa isa) {
    static const char *const isas[] = {"portable", "simd128", "avx2", "avx512"};
    char processor[256], system[256] = "Windows", os[256] = "Windows";
    long cores = 0;
    proc_value("/proc/cpuinfo", "model name", processor, sizeof processor);
    if (!processor[0]) proc_value("/proc/cpuinfo", "Hardware", processor, sizeof processor);
#ifndef _WIN32
    struct utsname about;
    if (uname(&about) == 0) {
        snprintf(system, sizeof system, "%.100s %.100s", about.sysname, about.machine);
        snprintf(os, sizeof os, "%.100s %.100s", about.sysname, about.release);
        if (!processor[0]) snprintf(processor, sizeof processor, "%.100s", about.machine);
    }
    cores = sysconf(_SC_NPROCESSORS_ONLN);
#endif
    printf(" \"device\": {\"processor\": ");
    print_text(processor, strlen(processor));
    printf(", \"cores\": %ld, \"system\": ", cores);
    print_text(system, strlen(system));
    printf(", \"os\": ");
    print_text(os, strlen(os));
    printf(", \"isa\": \"%s\"},\n", isas[isa]);
}

static void *aligned_block(size_t size) {
    char *block = malloc(size + 64);
    return block ? block + (64 - (uintptr_t)block % 64) : NULL;
}

static void *read_file(const char *path, size_t *size) {
    FILE *file = fopen(path, "rb");
    if (!file) return NULL;
    fseek(file, 0, SEEK_END);
    long length = ftell(file);
    rewind(file);
    char *bytes = length > 0 ? aligned_block((size_t)length) : NULL;
    *size = bytes ? fread(bytes, 1, (size_t)length, file) : 0;
    fclose(file);
    return bytes;
}

/* As many words of the long text as have at most `limit` tokens. */
static text full_length(const ez_model *model, text words, size_t limit) {
    text best = {words.start, 0};
    for (size_t end = 1; end <= words.length; end++) {
        if (end < words.length && words.start[end] != ' ') continue;
        if (ez_tokenize(model, words.start, end, NULL, 0) > limit) break;
        best.length = end;
    }
    return best;
}

static double texts_per_second(const subject *s, const text *texts, size_t count) {
    double times[3];
    for (int round = 0; round < 3; round++) {
        double begin = now_us();
        for (size_t i = 0; i < BATCH; i++) run(s, texts[i % count]);
        times[round] = now_us() - begin;
    }
    return BATCH / (median(times, 3) / 1e6);
}

int main(int count, char **arguments) {
    if (count != 3) return fprintf(stderr, "usage: %s FILE.ezb bench.txt > report.json\n", arguments[0]), 2;
    size_t lines_size, size = 0, texts = 0;
    char *lines = read_file(arguments[2], &lines_size);
    if (!lines) return fprintf(stderr, "%s: cannot be read\n", arguments[2]), 1;
    static text given[MOST_TEXTS];
    for (size_t at = 0; at < lines_size && texts < MOST_TEXTS; texts++) {
        const char *end = memchr(lines + at, '\n', lines_size - at);
        given[texts].start = lines + at;
        given[texts].length = (end ? (size_t)(end - lines) : lines_size) - at;
        at += given[texts].length + 1;
    }
    if (texts < 2) return fprintf(stderr, "%s: too few lines\n", arguments[2]), 1;
    texts--; /* the last line is the long text */

    long before = status_kb("VmRSS");
    double begin = now_us();
    void *bundle = read_file(arguments[1], &size);
    if (!bundle) return fprintf(stderr, "%s: cannot be read\n", arguments[1]), 1;
    ez_error error;
    size_t needed = ez_memory_size(bundle, size, &error);
    ez_model *model = needed ? ez_open(bundle, size, aligned_block(needed), needed, &error) : NULL;
    if (!model)
        return fprintf(stderr, "%s: %s (at byte %llu)\n", arguments[1], error.reason, (unsigned long long)error.offset), 1;
    double init = now_us() - begin;

    ez_description about;
    ez_describe(model, &about);
    subject s = {model, about.dimension, about.labels};
    double first = run_us(&s, given[0]), warm = 0;
    long opened = status_kb("VmRSS");
    for (size_t i = 0; i < WARM_UP; i++) warm += run_us(&s, given[i % texts]) / WARM_UP;

    static timing brief, whole;
    size_t limit = about.max_tokens && about.max_tokens < FULL_TOKENS ? about.max_tokens : FULL_TOKENS;
    text full = full_length(model, given[texts], limit);
    measure(&s, given, texts, &brief);
    measure(&s, &full, 1, &whole);
    double speed = texts_per_second(&s, given, texts);
    long after = status_kb("VmRSS"), peak = status_kb("VmHWM");

    char created[32];
    time_t at = time(NULL);
    strftime(created, sizeof created, "%Y-%m-%dT%H:%M:%SZ", gmtime(&at));
    printf("{\n \"format\": \"edgezoo-bench/1\", \"producer\": \"c\", \"created\": \"%s\", \"commit\": {},\n", created);
    print_device(about.isa);
    printf(" \"versions\": {\"edgezoo\": \"@VERSION@\"},\n");
    printf(" \"reference\": {\"loop\": \"%d times: out[i] = out[i - 1] + 0.001f, then out[i] = out[i - 1] * 1664525 "
           "modulo 2**32, for i below %d, through memory\", \"median_us\": %.2f},\n",
           REPEATS, LENGTH, median(brief.reference, ROUNDS));
    printf(" \"results\": [{\n  \"kind\": \"model\", \"model\": ");
    print_text(about.name, about.name_length);
    printf(", \"runtime\": \"engine\", \"family\": \"@FAMILY@\", \"precision\": \"@PRECISION@\", "
           "\"status\": \"measured\",\n  \"reference_us\": [");
    for (int round = 0; round < ROUNDS; round++) printf("%.2f, ", brief.reference[round]);
    for (int round = 0; round < ROUNDS; round++) printf("%.2f%s", whole.reference[round], round + 1 < ROUNDS ? ", " : "],\n");
    printf("  \"misc_metrics\": {\"model_size_mb\": %.6f, \"num_runs\": %d, \"num_warmup_runs\": %d},\n",
           (double)size / 1e6, SAMPLES, WARM_UP);
    printf("  \"latency_metrics\": {\"init_ms\": %.3f, \"first_inference_ms\": %.6f, \"average_warm_up_ms\": %.6f,\n",
           init / 1e3, first / 1e3, warm / 1e3);
    print_timing("short", &brief);
    printf(",\n");
    print_timing("full", &whole);
    printf("},\n  \"memory_metrics\": {");
    if (before >= 0 && opened >= 0 && after >= 0 && peak >= 0)
        printf("\"init_footprint_kb\": %ld, \"overall_footprint_kb\": %ld, \"peak_mem_mb\": %.3f", opened - before,
               after - before, (double)peak / 1024);
    printf("},\n  \"throughput\": [{\"batch\": 1, \"threads\": 1, \"texts_per_second\": %.1f}]\n }]\n}\n", speed);
    return 0;
}
