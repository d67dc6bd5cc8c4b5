// SPDX-License-Identifier: Apache-2.0
#include "ingest/spill_file.hpp"

#include <cerrno>
#include <cstring>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include "parquet/file_writer.hpp"

// A segment: the present masks, then each stored column. A number column is its array. A text
// column is the count of its values, each value's length and bytes, and a code into them a row.
namespace bassline::ingest {
namespace {

using event::Type;
using parquet::kNullCode;

Error failed(std::string_view doing, const std::string& directory) {
    return error(ErrorKind::io, "could not {} the spill file in {}: {}", doing, directory,
                 std::strerror(errno));
}

template <class T>
void put(std::string& out, const T* values, std::size_t count) {
    out.append(reinterpret_cast<const char*>(values), count * sizeof(T));
}

void put_texts(std::string& out, const std::uint32_t* codes, std::size_t rows,
               const Interner& interner) {
    std::unordered_map<std::uint32_t, std::uint32_t> local;
    std::vector<std::uint32_t> used;
    std::vector<std::uint32_t> local_codes(codes, codes + rows);
    for (std::uint32_t& code : local_codes) {
        if (code == kNullCode) continue;
        const auto [found, fresh] =
            local.try_emplace(code, static_cast<std::uint32_t>(used.size()));
        if (fresh) used.push_back(code);
        code = found->second;
    }
    const auto count = static_cast<std::uint32_t>(used.size());
    put(out, &count, 1);
    for (const std::uint32_t code : used) {
        const std::string_view value = interner.values()[code];
        const auto size = static_cast<std::uint32_t>(value.size());
        put(out, &size, 1);
        out += value;
    }
    put(out, local_codes.data(), rows);
}

// A packed column in the same form, each row's text a value of its own.
void put_packed(std::string& out, RowBuffer& buffer, event::Column column) {
    const auto* const starts = buffer.values<std::uint32_t>(column);
    const std::string_view texts = buffer.packed_texts(column);
    std::vector<std::uint32_t> codes(buffer.rows(), kNullCode);
    std::uint32_t count = 0;
    std::string values;
    for (std::size_t row = 0; row < buffer.rows(); ++row) {
        if ((buffer.present()[row] & event::bit_of(column)) == 0) continue;
        codes[row] = count++;
        const std::uint32_t size = starts[row + 1] - starts[row];
        put(values, &size, 1);
        values += texts.substr(starts[row], size);
    }
    put(out, &count, 1);
    out += values;
    put(out, codes.data(), codes.size());
}

bool is_packed(const RowBuffer& buffer, event::Column column) {
    return event::index_of(column) < event::kProducerColumnCount &&
           (buffer.packed() & event::bit_of(column)) != 0;
}

// Takes a segment apart, front to back.
struct Reader {
    const char* at;

    template <class T>
    void get(T* values, std::size_t count) {
        std::memcpy(values, at, count * sizeof(T));
        at += count * sizeof(T);
    }
    void get_packed(RowBuffer& buffer, event::Column column, std::size_t rows) {
        std::uint32_t count = 0;
        get(&count, 1);
        std::vector<event::Text> values(count);
        for (auto& value : values) {
            std::uint32_t size = 0;
            get(&size, 1);
            value = {at, size, false};
            at += size;
        }
        std::vector<std::uint32_t> codes(rows);
        get(codes.data(), rows);
        for (std::size_t row = 0; row < rows; ++row) {
            buffer.put_text(
                column, buffer.rows() + row,
                codes[row] == kNullCode ? event::Text{"", 0, false} : values[codes[row]]);
        }
    }
    void get_texts(std::uint32_t* codes, std::size_t rows, Interner& interner) {
        std::uint32_t count = 0;
        get(&count, 1);
        std::vector<std::uint32_t> global(count);
        for (std::uint32_t& code : global) {
            std::uint32_t size = 0;
            get(&size, 1);
            code = interner.code({at, size, false});
            at += size;
        }
        get(codes, rows);
        for (std::size_t row = 0; row < rows; ++row) {
            if (codes[row] != kNullCode) codes[row] = global[codes[row]];
        }
    }
};

}  // namespace

SpillFile::SpillFile(std::string directory) : directory_(std::move(directory)) {}

SpillFile::~SpillFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

Result<void> SpillFile::open() {
    if (descriptor_ >= 0) return {};
    std::string path = directory_ + "/spill-XXXXXX";
    descriptor_ = ::mkostemp(path.data(), O_CLOEXEC);
    if (descriptor_ < 0) return failed("make", directory_);
    if (::unlink(path.c_str()) != 0) return failed("unlink", directory_);
    return {};
}

Result<Segment> SpillFile::write(RowBuffer& buffer, const Interners& interners) {
    TRY(open());
    const std::size_t rows = buffer.rows();
    std::string out;
    buffer.close_texts();
    put(out, buffer.present(), rows);
    for (const auto& stored : buffer.stored()) {
        if (is_packed(buffer, stored.column)) {
            put_packed(out, buffer, stored.column);
        } else if (stored.type == Type::text) {
            put_texts(out, buffer.values<std::uint32_t>(stored.column), rows,
                      interners.of(stored.column));
        } else {
            put(out, buffer.values<char>(stored.column), rows * stored.width());
        }
    }
    const Segment segment{end_, out.size(), rows};
    for (std::string_view rest = out; !rest.empty();) {
        const auto written =
            ::pwrite(descriptor_, rest.data(), rest.size(), static_cast<off_t>(end_));
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return failed("write", directory_);
        end_ += static_cast<std::uint64_t>(written);
        rest.remove_prefix(static_cast<std::size_t>(written));
    }
    return segment;
}

Result<void> SpillFile::read(const Segment& segment, RowBuffer& buffer, Interners& interners) {
    std::string bytes(segment.bytes + event::kTextPadding, '\0');
    for (std::uint64_t done = 0; done < segment.bytes;) {
        const auto count = ::pread(descriptor_, bytes.data() + done, segment.bytes - done,
                                   static_cast<off_t>(segment.offset + done));
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return failed("read", directory_);
        done += static_cast<std::uint64_t>(count);
    }
    buffer.reserve(segment.rows);
    const std::size_t row = buffer.rows();
    Reader reader{bytes.data()};
    reader.get(buffer.present() + row, segment.rows);
    for (const auto& stored : buffer.stored()) {
        if (is_packed(buffer, stored.column)) {
            reader.get_packed(buffer, stored.column, segment.rows);
        } else if (stored.type == Type::text) {
            reader.get_texts(buffer.values<std::uint32_t>(stored.column) + row, segment.rows,
                             interners.of(stored.column));
        } else {
            reader.get(buffer.values<char>(stored.column) + row * stored.width(),
                       segment.rows * stored.width());
        }
    }
    buffer.add_rows(segment.rows);
    return {};
}

}  // namespace bassline::ingest
