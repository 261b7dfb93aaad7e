/* Reads and checks a bundle (.ezb): FlatBuffers header, aligned segments, checksum trailer. */
#ifndef EZ_BUNDLE_H
#define EZ_BUNDLE_H

#include "char_lstm.h"
#include "static_table.h"
#include "tiny_lstm.h"
#include "tokenizer.h"

/* Values of the union Architecture in bundle.fbs. */
typedef enum { EZ_STATIC_TABLE = 1, EZ_TINY_LSTM, EZ_CHAR_LSTM } ez_architecture;

/* The checked view of a bundle; pointers lead into its bytes. */
typedef struct {
    ez_description description;
    ez_tokenizer_tensors tokenizer;
    ez_architecture architecture;
    ez_static_table table;
    ez_lstm_tensors lstm;
    ez_char_lstm_tensors char_lstm;
} ez_bundle;

/* Checks everything but the checksum; returns 1, or 0 and *error. */
int ez_bundle_read(const void *bytes, size_t size, ez_bundle *bundle, ez_error *error);

/* Compares the trailer with XXH64 of all bytes before it; returns 1, or 0 and *error. */
int ez_bundle_check(const void *bytes, size_t size, ez_error *error);

#endif
