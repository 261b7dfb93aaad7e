/* A language model over characters: LSTM layers that step forward, and a head that is the embedding again. */
#ifndef EZ_CHAR_LSTM_H
#define EZ_CHAR_LSTM_H

#include "tiny_lstm.h"

/* What SPECIFICATION.md says under CharLstm, checked; pointers lead into the bundle. */
typedef struct {
    ez_lstm_tensors lstm; /* embedding, layers, output_norm and projection */
    ez_tensor head_bias;
} ez_char_lstm_tensors;

typedef struct {
    ez_char_lstm_tensors tensors;
    const float *rows;    /* [tokens, columns of the embedding] */
    const int16_t *gates; /* [tokens, 4 hidden]: the first layer's input half */
    ez_matrix input;      /* of the second layer */
    ez_matrix recurrent[EZ_LSTM_LAYERS];
    ez_matrix projection;
} ez_char_lstm;

/* Reads and checks a bundle's CharLstm; failures go to the reader. */
void ez_char_lstm_read(ez_reader *reader, const ez_description *file, ez_char_lstm_tensors *tensors);

size_t ez_char_lstm_memory(const ez_char_lstm_tensors *tensors);

/* `memory` is 64-byte aligned. */
void ez_char_lstm_build(ez_char_lstm *model, const ez_char_lstm_tensors *tensors, const ez_kernels *kernels,
                        char *memory);

/* Bytes of a state: c, float32 [layers, hidden], then h, int8 [layers, hidden], which stands for integers / 63. */
size_t ez_char_lstm_state_size(const ez_char_lstm *model);

/* Reads a token; writes the logits [tokens] of what follows it, if `logits` is not NULL. */
void ez_char_lstm_step(const ez_char_lstm *model, const ez_kernels *kernels, void *state, uint32_t id, float *logits);

#endif
