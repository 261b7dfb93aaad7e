/* What language models answer: probabilities of the next token, of a whole text, and more text. */
#ifndef EZ_LANGUAGE_MODEL_H
#define EZ_LANGUAGE_MODEL_H

#include "engine.h"

/* Turns logits into natural logarithms of probabilities, in place. */
void ez_log_softmax(float *logits, size_t count);

/* Draws the token that follows, by logits [count]; SPECIFICATION.md says how. Never [PAD], [UNK] or [BOS], and
 * [EOS] only where sampling->stop. Changes the logits. */
uint32_t ez_sample(float *logits, size_t count, ez_sampling *sampling);

#endif
