/* edgezoo engine: text in, vector or class out, from one bundle, the same bits on every device.
 *
 * The caller owns all memory: the bundle's bytes (a file mapped or read, 8-byte aligned), which must
 * stay unchanged while the model is open, and a block of ez_memory_size() bytes for the model's index.
 * Nothing is allocated, no global state exists, and an open model is read-only: any number of threads
 * may use it at once, each with 300 KiB of stack. There is nothing to close; release the two blocks when done.
 *
 *     ez_error error;
 *     size_t needed = ez_memory_size(bundle, size, &error);
 *     ez_model *model = ez_open(bundle, size, malloc(needed), needed, &error);
 *     if (!model) fprintf(stderr, "%s (at byte %llu)\n", error.reason, (unsigned long long)error.offset);
 *     float vector[EZ_MAX_DIMENSION];
 *     ez_embed(model, "hello world", 11, vector);
 */
#ifndef EZ_ENGINE_H
#define EZ_ENGINE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(_WIN32)
#define EZ_API __declspec(dllexport)
#else
#define EZ_API __attribute__((visibility("default")))
#endif

enum { EZ_SCHEMA_VERSION = 1, EZ_MAX_DIMENSION = 1024 };

typedef enum {
    EZ_OK = 0,
    EZ_NOT_A_BUNDLE, /* no bundle begins here */
    EZ_TRUNCATED,    /* the file is shorter than its header says */
    EZ_VERSION,      /* written for another version of the format */
    EZ_CHECKSUM,     /* some byte differs from what was written */
    EZ_CORRUPT,      /* an offset, shape, length or value is out of bounds */
    EZ_UNSUPPORTED,  /* well formed, but not for this engine */
    EZ_MEMORY        /* the model's memory is missing, too small or not 64-byte aligned */
} ez_status;

typedef struct {
    ez_status status;
    const char *reason; /* static English text */
    uint64_t offset;    /* the byte of the bundle it is about, or 0 */
} ez_error;

/* Instruction sets, each giving the same bits. */
typedef enum { EZ_PORTABLE = 0, EZ_SIMD128, EZ_AVX2, EZ_AVX512 } ez_isa;

typedef struct ez_model ez_model;

typedef struct {
    const char *name; /* UTF-8, not NUL-terminated, inside the bundle */
    size_t name_length;
    const char *card; /* JSON */
    size_t card_length;
    const uint8_t *sha256; /* 32 bytes: digest of [segments_begin, segments_end) */
    size_t segments_begin;
    size_t segments_end;
    size_t vocabulary_size;
    size_t dimension; /* of a vector; 0 for a model that only classifies */
    size_t labels;    /* classes; 0 for a model that only embeds */
    ez_isa isa;
    size_t max_tokens; /* how many tokens of a text count; 0: all */
} ez_description;

/* Bytes of memory that ez_open needs for this bundle; 0 and *error on a bad bundle. */
EZ_API size_t ez_memory_size(const void *bundle, size_t size, ez_error *error);

/* Checks the whole bundle and builds the model in `memory` (64-byte aligned); NULL and *error on failure. */
EZ_API ez_model *ez_open(const void *bundle, size_t size, void *memory, size_t memory_size, ez_error *error);

EZ_API void ez_describe(const ez_model *model, ez_description *description);

/* Uses the kernels of one instruction set instead of the best; returns 0 if this processor lacks it.
 * Call before sharing the model between threads. */
EZ_API int ez_select_isa(ez_model *model, ez_isa isa);

/* Writes the first `capacity` token ids of a UTF-8 text and returns how many it has in all. */
EZ_API size_t ez_tokenize(const ez_model *model, const char *text, size_t length, uint32_t *ids, size_t capacity);

/* Writes float32 [dimension]; zeros for a text without known tokens. Texts may be of any length; a recurrent model
 * reads their first tokens, as many as its bundle says. */
EZ_API void ez_embed(const ez_model *model, const char *text, size_t length, float *vector);

/* Writes float32 [count, dimension] for texts that lie end to end: text i is [ends[i - 1], ends[i]). */
EZ_API void ez_embed_batch(const ez_model *model, const char *texts, const size_t *ends, size_t count, float *vectors);

/* The name of a class, UTF-8, not NUL-terminated, inside the bundle; NULL outside [0, labels). */
EZ_API const char *ez_label(const ez_model *model, size_t index, size_t *length);

/* Writes the probabilities, float32 [labels], which add up to 1. */
EZ_API void ez_classify(const ez_model *model, const char *text, size_t length, float *probabilities);

/* Writes float32 [count, labels] for texts that lie as in ez_embed_batch. */
EZ_API void ez_classify_batch(const ez_model *model, const char *texts, const size_t *ends, size_t count,
                              float *probabilities);

/* Language models, whose texts are in NFC. What such a model has read is a state of ez_state_size() bytes, 4-byte
 * aligned, which is the caller's: c, float32 [layers, hidden], then h, int8 [layers, hidden], in 63rds. Zeros are the
 * beginning, where [BOS], id 2, is read first. Of other models the size is 0, and nothing below does anything. */
EZ_API size_t ez_state_size(const ez_model *model);

/* Reads a token and, unless NULL is given, writes float32 [vocabulary_size]: natural logarithms of the probabilities
 * of what follows. An id outside the vocabulary is read as [UNK]. */
EZ_API void ez_step(const ez_model *model, void *state, uint32_t id, float *log_probabilities);

/* Writes, for each token of a text and for its end, [EOS], minus the natural logarithm of its probability after all
 * before it, up to `capacity` of them, and returns how many it wrote: ez_tokenize's count and one, if they fit. */
EZ_API size_t ez_score(const ez_model *model, const char *text, size_t length, float *nats, size_t capacity);

/* How to draw what follows: the most likely token with temperature 0; else in proportion to probability ^ (1 /
 * temperature), among the top_k likeliest (0: all), and of those the fewest whose shares sum to more than top_p
 * (1: all). SPECIFICATION.md says how `random` goes on; the same number gives the same text everywhere. */
typedef struct {
    float temperature;
    float top_p;
    uint32_t top_k;
    uint32_t stop; /* whether [EOS], id 3, may be drawn, which ends the text */
    uint64_t random;
} ez_sampling;

/* Writes up to `count` ids that go on from *last, the token before them, which the state has not read yet; returns
 * how many: fewer where [EOS], the last one, ends the text. *last, the state and sampling->random move on. */
EZ_API size_t ez_generate(const ez_model *model, void *state, uint32_t *last, ez_sampling *sampling, uint32_t *ids,
                          size_t count);

/* A token of a language model, UTF-8, not NUL-terminated, inside the bundle; NULL outside the vocabulary. */
EZ_API const char *ez_token(const ez_model *model, size_t id, size_t *length);

#ifdef __cplusplus
}
#endif

#endif
