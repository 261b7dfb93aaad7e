/* The recurrent layers of a TinyLstm, stepped through by several texts at once. */
#ifndef EZ_LSTM_LAYERS_H
#define EZ_LSTM_LAYERS_H

#include "tiny_lstm.h"

static const float EZ_STATE_SCALE = 1.0f / EZ_ACTIVATION_MAX;

/* A text in work. The states of a layer are [positions, directions * hidden]; with [CLS] pooling the last
 * position is [CLS], which both directions read last. */
typedef struct {
    size_t index; /* of the text in the caller's order */
    const uint32_t *ids;
    size_t tokens;
    size_t positions;
    int8_t *states[EZ_LSTM_LAYERS];
} ez_text;

/* Texts that step together, longest first, so that weights are read once for all of them. */
typedef struct {
    const ez_lstm *lstm;
    const ez_kernels *kernels;
    size_t count;
    ez_text texts[EZ_MAX_INPUTS];
    size_t used; /* of the buffers below */
    uint32_t ids[EZ_LSTM_MAX_POSITIONS];
    int8_t states[EZ_LSTM_LAYERS][EZ_LSTM_MAX_STATES];
} ez_run;

static inline const float *ez_floats(const ez_tensor *tensor) { return (const float *)(const void *)tensor->values; }

static inline size_t ez_width(const ez_lstm_tensors *t) { return (size_t)t->directions * t->hidden; }

/* LayerNorm in place; sums run in the kernels' fixed order. width: a multiple of 16. */
void ez_layer_norm(const ez_kernels *kernels, const ez_norm *norm, float *values, size_t width);

/* Fills the states of all texts, layer by layer. */
void ez_run_layers(ez_run *run);

#endif
