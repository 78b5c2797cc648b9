// CLIP's byte-pair vocabulary (from OpenAI's CLIP, MIT licence), cut to the header and the 48,894 merges that its
// tokenizer reads; gzip.
#ifndef ZOO_VOCABULARY_H
#define ZOO_VOCABULARY_H
#include <stddef.h>

const unsigned char *zoo_clip_vocabulary_bytes(void);
extern const size_t zoo_clip_vocabulary_size;
#endif
