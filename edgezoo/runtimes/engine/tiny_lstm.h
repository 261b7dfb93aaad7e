/* A small LSTM over a token table, beside the mean of the table's rows: sentence vectors, classes, or both. */
#ifndef EZ_TINY_LSTM_H
#define EZ_TINY_LSTM_H

#include "matrix.h"
#include "tokenizer.h"

enum {
    EZ_LSTM_CLS = 2, /* the id of [CLS] */
    EZ_LSTM_LAYERS = 2,
    EZ_LSTM_DIRECTIONS = 2,
    EZ_LSTM_MAX_HIDDEN = 512,
    EZ_LSTM_MAX_TOKENS = 512,
    EZ_LSTM_MAX_STATES = 129 * 512, /* (max_tokens + 1) * directions * hidden: what a call keeps on its stack */
    EZ_LSTM_MAX_POSITIONS = 2 * (EZ_LSTM_MAX_TOKENS + 1), /* of all texts that step together */
    EZ_LSTM_MAX_LABELS = 64,
    EZ_LSTM_MAX_FEATURES = 2 * EZ_LSTM_MAX_HIDDEN + EZ_MAX_DIMENSION
};

typedef enum { EZ_POOL_MEAN = 0, EZ_POOL_MAX, EZ_POOL_CLS } ez_pooling;

/* LayerNorm's float32 [width] pair; both NULL where there is none. */
typedef struct {
    ez_tensor weight;
    ez_tensor bias;
} ez_norm;

/* One layer's one direction. */
typedef struct {
    ez_quantised input;     /* [4 hidden, width of what it reads] */
    ez_quantised recurrent; /* [4 hidden, hidden] */
    ez_tensor bias;         /* float32 [4 hidden] */
} ez_lstm_weights;

/* What SPECIFICATION.md says under TinyLstm, checked; pointers lead into the bundle. */
typedef struct {
    ez_pooling pooling;
    int skip;
    uint32_t max_tokens;
    uint32_t layers;
    uint32_t directions;
    uint32_t hidden;
    uint32_t dimension; /* 0 without a projection */
    uint32_t labels;    /* 0 without a classifier */
    const char *label[EZ_LSTM_MAX_LABELS];
    size_t label_length[EZ_LSTM_MAX_LABELS];
    ez_quantised embedding;
    ez_norm input_norm;
    ez_norm output_norm;
    ez_lstm_weights weights[EZ_LSTM_LAYERS][EZ_LSTM_DIRECTIONS];
    ez_tensor salience, salience_bias;
    ez_quantised projection;
    ez_tensor projection_bias;
    ez_tensor classifier, classifier_bias;
} ez_lstm_tensors;

/* A layer's one direction, laid out for the kernels. */
typedef struct {
    ez_matrix input;
    ez_matrix recurrent; /* its scales carry the states' scale */
    const float *bias;
} ez_lstm_direction;

typedef struct {
    ez_lstm_tensors tensors;
    ez_lstm_direction layer[EZ_LSTM_LAYERS][EZ_LSTM_DIRECTIONS];
    ez_matrix projection;
    const int16_t *known_gates; /* [known, directions, 4 hidden]: the first layer's input half of the first tokens */
    uint32_t known;
} ez_lstm;

/* Finds the layers' weights, after the embedding; sets layers, directions and hidden. */
void ez_lstm_read_layers(ez_reader *reader, const ez_description *file, ez_lstm_tensors *tensors);

/* LayerNorm's tensors of `width`, both or neither. */
ez_norm ez_lstm_find_norm(ez_reader *reader, const ez_description *file, const char *weight, const char *bias,
                          uint32_t width);

/* Reads and checks a bundle's TinyLstm and sets the dimension and the number of labels. */
void ez_lstm_read(ez_reader *reader, ez_description *file, ez_lstm_tensors *tensors);

size_t ez_lstm_memory(const ez_lstm_tensors *tensors);

/* `memory` is 64-byte aligned. */
void ez_lstm_build(ez_lstm *lstm, const ez_lstm_tensors *tensors, const ez_kernels *kernels, char *memory);

/* Texts lie end to end: text i is [ends[i - 1], ends[i]). Either of `vectors` [count, dimension] and
 * `probabilities` [count, labels] may be NULL. */
void ez_lstm_run(const ez_lstm *lstm, const ez_tokenizer *tokenizer, const ez_kernels *kernels, const char *texts,
                 const size_t *ends, size_t count, float *vectors, float *probabilities);

#endif
