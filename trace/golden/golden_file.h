// Reads golden files: recordings of what real PostgreSQL allocators did, operation by operation (spec section 15).
// A file is JSON, plain or zstd-compressed (.zst), with one document or several one after another (one per major).
// Everything in it is input from outside: it is checked before it is used.
#pragma once

#include <cstddef>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "core/base/result.h"

namespace palloscope::trace {

inline constexpr std::size_t kMaxGoldenBytes = std::size_t{512} << 20;  // uncompressed

// "pg17-aset", "pg15-slab-checking"
struct GoldenHead {
  int major = 0;
  bool checking = false;
  std::string allocator;
  std::string source_release;

  std::string label() const;
};

// The file's text, uncompressed.
core::Result<std::string> read_golden_text(const std::filesystem::path& file);

// `name` stands in messages. Every document's head and the shape of its sequences (not of its operations) is checked.
core::Result<std::vector<nlohmann::json>> parse_golden(const std::string& name, const std::string& text);
GoldenHead golden_head(const nlohmann::json& document);  // of a document that parse_golden gave

}  // namespace palloscope::trace
