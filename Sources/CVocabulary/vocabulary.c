#include "zoo_vocabulary.h"

static const unsigned char zoo_clip_vocabulary[] = {
#embed "bpe_simple_vocab_16e6.txt.gz"
};
const size_t zoo_clip_vocabulary_size = sizeof zoo_clip_vocabulary;

const unsigned char *zoo_clip_vocabulary_bytes(void) { return zoo_clip_vocabulary; }
