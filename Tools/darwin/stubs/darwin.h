// What macOS's C library declares beyond this machine's, as far as Sources use it.

// <stdio.h>, <sys/stdio.h>
int renamex_np(const char *from, const char *to, unsigned flags);
#define RENAME_SWAP 0x00000002
