// SPDX-License-Identifier: Apache-2.0
// Stands in for a mount that ignores RENAME_NOREPLACE, as some network file systems do: loaded before the C library,
// it replaces silently and gives link() the same bad manners.
#include <stdio.h>
#include <unistd.h>

int renameat2(int from_directory, const char *from, int to_directory, const char *to, unsigned flags) {
    (void)flags;
    return renameat(from_directory, from, to_directory, to);
}

int link(const char *from, const char *to) { return rename(from, to); }
