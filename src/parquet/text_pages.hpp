// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include <parquet/statistics.h>

#include "parquet/file_writer.hpp"
#include "parquet/page_writer.hpp"

// Column chunks of texts, of one value and of none, encoded straight from what the caller holds:
// Arrow would hash every value of a dictionary anew. Inside this room only.
namespace bassline::parquet {

/// One belongs to one thread; its memory is used again for every column.
class TextPages {
public:
    /// By dictionary, in order of appearance. False, and nothing written, if it becomes too large.
    /// A chunk that comes `again`, mapped, is kept until the next row group.
    bool write_coded(const Texts& texts, std::size_t rows, bool again, PageWriter& pages);
    /// Of the coded chunk written last.
    ::parquet::EncodedStatistics statistics(const Texts& texts) const;
    void write_texts(const Texts& texts, std::size_t rows, PageWriter& pages);
    void write_texts(const Packed& packed, std::size_t rows, bool again, PageWriter& pages);
    void write_constant(std::string_view text, std::size_t rows, PageWriter& pages);
    void write_nulls(std::size_t rows, bool has_dictionary, PageWriter& pages);

    /// The row group is at its end: what was kept speaks of memory that the caller takes back.
    void forget() { kept_.clear(); }

private:
    // A chunk that another column may be equal to.
    struct Kept {
        const std::uint32_t* key;         // the caller's codes or starts
        std::vector<std::uint32_t> used;  // codes
        std::size_t nulls = 0;
        EncodedChunk chunk;
    };

    const Kept* find_kept(const std::uint32_t* key) const;
    const Kept* find_equal(const Texts& texts) const;
    template <class CodeOf>
    void find_indices(std::size_t rows, std::size_t values, CodeOf code_of);
    void find_indices(const Texts& texts, std::size_t rows);
    bool fill_dictionary(const Texts& texts);
    void put_indices(PageWriter& pages);
    void set_level_run(std::size_t rows, bool has_value);
    template <class HasValue>
    void set_levels(std::size_t first, std::size_t last, HasValue has_value);
    template <class SizeOf, class HasValue, class PutTexts>
    void write_text_pages(std::size_t rows, PageWriter& pages, SizeOf size_of, HasValue has_value,
                          PutTexts put_texts);

    std::vector<std::uint32_t> local_codes_;  // by the caller's code; kNullCode between calls
    std::vector<std::uint32_t> used_codes_;   // by local code
    std::vector<std::uint32_t> indices_;      // local code by row, kNullCode for none
    std::size_t nulls_ = 0;                   // of these
    std::vector<std::uint32_t> dense_;        // those of one page that are none of kNullCode
    std::vector<Kept> kept_;
    std::vector<std::int32_t> lengths_;  // of the texts of one page
    ByteBuffer levels_;                  // of definition, of one page
    ByteBuffer body_;
};

}  // namespace bassline::parquet
