// SPDX-License-Identifier: Apache-2.0
#include "simulator/compressor.hpp"

#include <zlib.h>
#include <zstd.h>

namespace bassline::simulator {
namespace {

constexpr std::size_t kChunk = std::size_t{1} << 17;
constexpr int kGzipLevel = 4;  // half the time of 6 for a tenth more bytes of these records
constexpr int kGzipWindow = 15 + 16;
constexpr int kGzipMemory = 8;
constexpr int kZstdLevel = 3;

class GzipCompressor : public Compressor {
public:
    GzipCompressor() : ready_(start()) {}
    ~GzipCompressor() override { deflateEnd(&stream_); }
    GzipCompressor(const GzipCompressor&) = delete;
    GzipCompressor& operator=(const GzipCompressor&) = delete;

    bool is_ready() const { return ready_; }

    Result<void> add(std::string_view bytes, Until until, std::string& out) override {
        const int mode = until == Until::later   ? Z_NO_FLUSH
                         : until == Until::flush ? Z_SYNC_FLUSH
                                                 : Z_FINISH;
        while (bytes.size() > kChunk) {
            TRY(deflate_piece(bytes.substr(0, kChunk), Z_NO_FLUSH, out));
            bytes.remove_prefix(kChunk);
        }
        return deflate_piece(bytes, mode, out);
    }

private:
    bool start() {
        return deflateInit2(&stream_, kGzipLevel, Z_DEFLATED, kGzipWindow, kGzipMemory,
                            Z_DEFAULT_STRATEGY) == Z_OK;
    }

    Result<void> deflate_piece(std::string_view piece, int mode, std::string& out) {
        stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(piece.data()));
        stream_.avail_in = static_cast<uInt>(piece.size());
        do {
            const std::size_t size = out.size();
            out.resize(size + kChunk);
            stream_.next_out = reinterpret_cast<Bytef*>(out.data() + size);
            stream_.avail_out = kChunk;
            const int outcome = deflate(&stream_, mode);
            out.resize(size + kChunk - stream_.avail_out);
            if (outcome == Z_STREAM_ERROR) return error(ErrorKind::io, "gzip failed");
        } while (stream_.avail_out == 0);
        return {};
    }

    z_stream stream_{};
    bool ready_;
};

class ZstdCompressor : public Compressor {
public:
    ZstdCompressor() : context_(ZSTD_createCCtx(), &ZSTD_freeCCtx) {
        if (!context_) return;
        ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_compressionLevel, kZstdLevel);
        ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_checksumFlag, 1);
    }

    bool is_ready() const { return context_ != nullptr; }

    Result<void> add(std::string_view bytes, Until until, std::string& out) override {
        const ZSTD_EndDirective mode = until == Until::later   ? ZSTD_e_continue
                                       : until == Until::flush ? ZSTD_e_flush
                                                               : ZSTD_e_end;
        ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
        std::size_t left = 0;
        do {
            const std::size_t size = out.size();
            out.resize(size + kChunk);
            ZSTD_outBuffer piece{out.data() + size, kChunk, 0};
            left = ZSTD_compressStream2(context_.get(), &piece, &in, mode);
            out.resize(size + piece.pos);
            if (ZSTD_isError(left) != 0) {
                return error(ErrorKind::io, "zstd failed: {}", ZSTD_getErrorName(left));
            }
        } while (in.pos < in.size || (mode != ZSTD_e_continue && left != 0));
        return {};
    }

private:
    std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context_;
};

template <class Kind>
Result<std::unique_ptr<Compressor>> make() {
    auto compressor = std::make_unique<Kind>();
    if (!compressor->is_ready()) return error(ErrorKind::io, "no memory to compress with");
    return std::unique_ptr<Compressor>(std::move(compressor));
}

}  // namespace

std::string_view suffix_of(Compression compression) {
    constexpr std::string_view kSuffixes[] = {"", ".gz", ".zst"};
    return kSuffixes[static_cast<int>(compression)];
}

Compression compression_of(std::string_view file_name) {
    for (const Compression compression : {Compression::gzip, Compression::zstd}) {
        if (file_name.ends_with(suffix_of(compression))) return compression;
    }
    return Compression::none;
}

Result<std::unique_ptr<Compressor>> make_compressor(Compression compression) {
    switch (compression) {
        case Compression::gzip:
            return make<GzipCompressor>();
        case Compression::zstd:
            return make<ZstdCompressor>();
        case Compression::none:
            break;
    }
    return std::unique_ptr<Compressor>();
}

}  // namespace bassline::simulator
