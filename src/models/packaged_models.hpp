// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/result.hpp"
#include "models/manifest.hpp"

// The compiled models beside the binary: `bassline-models/{manifest.json, seeds/, sources.json}`,
// written at build time by package_models.py.
namespace bassline::models {

/// `given` (of --models), else BASSLINE_MODELS, else `bassline-models` beside the running program.
std::string models_directory(const std::string& given);

/// Loads the packaged manifest. If the dbt project that it was compiled from is there and has
/// changed since, it is compiled again where dbt is installed. Errors: as load_manifest; `config`
/// naming the changed file if dbt is not installed, or dbt's message if it fails.
Result<Manifest> load_packaged_models(const std::string& directory);

}  // namespace bassline::models
