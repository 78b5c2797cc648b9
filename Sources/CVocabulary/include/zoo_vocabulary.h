// Texts built into the binary.
#ifndef ZOO_VOCABULARY_H
#define ZOO_VOCABULARY_H
#include <stddef.h>

// CLIP's byte-pair vocabulary (from OpenAI's CLIP, MIT licence), truncated to the header and the 48,894 merges that its tokenizer uses; gzip.
const unsigned char *zoo_clip_vocabulary_bytes(void);
extern const size_t zoo_clip_vocabulary_size;

// A WordNet id, a tab and a name in each line, gzip: ImageNet's 1000 classes in order with OpenAI's names, then ImageNet's other ids with the first
// name of their WordNet 3.0 synset. Made by Tools/evaluation/make_names.py.
const unsigned char *zoo_class_names_bytes(void);
extern const size_t zoo_class_names_size;

// OpenAI's 80 templates for ImageNet, one per line, then an empty line and the 7 best of them (MIT licence).
const unsigned char *zoo_templates_bytes(void);
extern const size_t zoo_templates_size;

// Decompositions for Unicode's normal forms, gzip. Tools/unicode/make_decompositions.py writes the file and describes it.
const unsigned char *zoo_decompositions_bytes(void);
extern const size_t zoo_decompositions_size;
#endif
