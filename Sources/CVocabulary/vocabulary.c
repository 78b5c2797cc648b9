#include "zoo_vocabulary.h"

static const unsigned char zoo_clip_vocabulary[] = {
#embed "bpe_simple_vocab_16e6.txt.gz"
};
const size_t zoo_clip_vocabulary_size = sizeof zoo_clip_vocabulary;

static const unsigned char zoo_class_names[] = {
#embed "class_names.tsv.gz"
};
const size_t zoo_class_names_size = sizeof zoo_class_names;

static const unsigned char zoo_templates[] = {
#embed "templates.txt"
};
const size_t zoo_templates_size = sizeof zoo_templates;

static const unsigned char zoo_decompositions[] = {
#embed "decompositions.txt.gz"
};
const size_t zoo_decompositions_size = sizeof zoo_decompositions;

const unsigned char *zoo_decompositions_bytes(void) { return zoo_decompositions; }
const unsigned char *zoo_class_names_bytes(void) { return zoo_class_names; }
const unsigned char *zoo_templates_bytes(void) { return zoo_templates; }
const unsigned char *zoo_clip_vocabulary_bytes(void) { return zoo_clip_vocabulary; }
