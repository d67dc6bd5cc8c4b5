// SPDX-License-Identifier: Apache-2.0
#include "models/scratch.hpp"

#include <algorithm>
#include <filesystem>

#include <gtest/gtest.h>
#include <sys/resource.h>

#include "base/test_folder.hpp"
#include "models/export.hpp"

namespace bassline::models {
namespace {

// This process may keep only a few files open, until the end of the test.
class FewOpenFiles {
public:
    FewOpenFiles() {
        EXPECT_EQ(::getrlimit(RLIMIT_NOFILE, &before_), 0);
        const rlimit few{.rlim_cur = std::min<rlim_t>(64, before_.rlim_max),
                         .rlim_max = before_.rlim_max};
        EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
    }
    FewOpenFiles(const FewOpenFiles&) = delete;
    FewOpenFiles& operator=(const FewOpenFiles&) = delete;
    ~FewOpenFiles() { ::setrlimit(RLIMIT_NOFILE, &before_); }

private:
    rlimit before_{};
};

TEST(Scratch, a_table_of_more_dates_than_files_may_be_open_is_exported) {
    const FewOpenFiles few;
    const std::string parent = make_test_folder("scratch");
    const Manifest manifest{.database = "bassline"};
    Scratch scratch =
        Scratch::open({.parent = parent, .threads = 1, .memory_bytes = std::uint64_t{256} << 20},
                      manifest, "run")
            .value();
    ASSERT_TRUE(scratch.connection(0).execute(
        "create table plays as select date '2025-01-01' + i::integer as event_date, i as plays "
        "from range(200) as t(i)"));
    const auto exported =
        export_table(scratch.connection(0), "plays", "plays", scratch.folder(), true);
    ASSERT_TRUE(exported) << exported.error().message;
    EXPECT_EQ(exported.value().files.size(), 200u);
    std::filesystem::remove_all(parent);
}

}  // namespace
}  // namespace bassline::models
