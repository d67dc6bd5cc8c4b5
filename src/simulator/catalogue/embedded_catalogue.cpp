// SPDX-License-Identifier: Apache-2.0
#include "simulator/catalogue_file.hpp"

// The assembler reads the file; CMakeLists.txt says where it lies and that this depends on it.
__asm__(
    ".pushsection .rodata\n"
    ".balign 16\n"
    "bassline_catalogue_begin:\n"
    ".incbin \"" BASSLINE_CATALOGUE
    "\"\n"
    "bassline_catalogue_end:\n"
    ".popsection\n");

// NOLINTBEGIN(readability-identifier-naming): as the linker knows them
extern "C" {
extern const char bassline_catalogue_begin[];
extern const char bassline_catalogue_end[];
}
// NOLINTEND(readability-identifier-naming)

namespace bassline::simulator {

std::string_view embedded_catalogue() {
    return {bassline_catalogue_begin,
            static_cast<std::size_t>(bassline_catalogue_end - bassline_catalogue_begin)};
}

}  // namespace bassline::simulator
