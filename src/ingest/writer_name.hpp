// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace bassline::ingest {

/// A writer's name, never the same twice: its staged files must not meet another's.
std::string new_writer();

}  // namespace bassline::ingest
