// SPDX-License-Identifier: Apache-2.0
#include "cli/version.hpp"

namespace bassline::cli {

std::string version_text() {
    return "bassline " BASSLINE_VERSION " (" BASSLINE_COMMIT ")";
}

}  // namespace bassline::cli
