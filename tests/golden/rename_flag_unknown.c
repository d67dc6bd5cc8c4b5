// SPDX-License-Identifier: Apache-2.0
// Stands in for a mount without RENAME_NOREPLACE, as NFS and many FUSE ones are: loaded before the C library, it refuses
// every flag.
#include <errno.h>
#include <stdio.h>

int renameat2(int from_directory, const char *from, int to_directory, const char *to, unsigned flags) {
    if (flags == 0) return renameat(from_directory, from, to_directory, to);
    errno = EINVAL;
    return -1;
}
