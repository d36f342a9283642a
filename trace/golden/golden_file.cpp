#include "trace/golden/golden_file.h"

#include <fmt/format.h>
#include <zstd.h>

#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>

namespace palloscope::trace {

using core::Error;
using core::ErrorCode;
using core::Result;
using nlohmann::json;

namespace {

constexpr const char* kFormat = "pg-golden-allocs";

Result<std::string> decompress(const std::string& name, const std::string& compressed) {
  std::unique_ptr<ZSTD_DStream, std::size_t (*)(ZSTD_DStream*)> stream(ZSTD_createDStream(), ZSTD_freeDStream);
  std::string text;
  std::string piece(ZSTD_DStreamOutSize(), '\0');
  ZSTD_inBuffer in{compressed.data(), compressed.size(), 0};
  std::size_t left = 0;
  bool full = false;  // a full output piece may leave more to come without further input
  while (in.pos < in.size || full) {
    ZSTD_outBuffer out{piece.data(), piece.size(), 0};
    left = ZSTD_decompressStream(stream.get(), &out, &in);
    if (ZSTD_isError(left)) {
      return Error{ErrorCode::BadFormat,
                   fmt::format("{}: byte {}: bad zstd data ({})", name, in.pos, ZSTD_getErrorName(left))};
    }
    text.append(piece.data(), out.pos);
    full = out.pos == out.size;
    if (text.size() > kMaxGoldenBytes) {
      return Error{ErrorCode::BadFormat, fmt::format("{}: more than {} MB uncompressed", name, kMaxGoldenBytes >> 20)};
    }
  }
  if (left != 0) return Error{ErrorCode::Truncated, fmt::format("{}: the zstd data ends too early", name)};
  return text;
}

// What is wrong with the document's head or the shape of its sequences; empty if nothing.
std::string problem_of(const json& document) {
  if (!document.is_object()) return "not a JSON object";
  auto text_at = [&](const char* key) { return document.contains(key) && document[key].is_string(); };
  if (!text_at("format") || document["format"] != kFormat) return fmt::format("\"format\" is not \"{}\"", kFormat);
  if (!document.contains("format_version") || document["format_version"] != 1) return "\"format_version\" is not 1";
  if (!document.contains("server_major") || !document["server_major"].is_number_integer()) return "no \"server_major\"";
  auto major = document["server_major"].get<std::int64_t>();
  if (major < 13 || major > 99) return "\"server_major\" is not a PostgreSQL version";
  if (!document.contains("checking") || !document["checking"].is_boolean()) return "no \"checking\"";
  if (!text_at("allocator")) return "no \"allocator\"";
  if (!document.contains("sequences") || !document["sequences"].is_array()) return "no \"sequences\"";
  std::size_t number = 0;
  for (const json& sequence : document["sequences"]) {
    auto where = fmt::format("sequences[{}]", number++);
    if (!sequence.is_object()) return where + " is not an object";
    if (!sequence.contains("name") || !sequence["name"].is_string()) return where + " has no \"name\"";
    if (!sequence.contains("ops") || !sequence["ops"].is_array()) return where + " has no \"ops\"";
    std::size_t op_number = 0;
    for (const json& op : sequence["ops"]) {
      auto op_where = fmt::format("{}.ops[{}]", where, op_number++);
      if (!op.is_object()) return op_where + " is not an object";
      if (!op.contains("op") || !op["op"].is_string()) return op_where + " has no \"op\"";
      if (op.contains("r") && !op["r"].is_object()) return op_where + ".r is not an object";
    }
  }
  return {};
}

}  // namespace

std::string GoldenHead::label() const {
  return fmt::format("pg{}-{}{}", major, allocator, checking ? "-checking" : "");
}

Result<std::string> read_golden_text(const std::filesystem::path& file) {
  std::string name = file.string();
  std::ifstream in(file, std::ios::binary);
  if (!in || std::filesystem::is_directory(file)) {
    return Error{ErrorCode::NotFound, fmt::format("{}: cannot be read; is the name right?", name)};
  }
  in.seekg(0, std::ios::end);
  auto size = in.tellg();
  if (size < 0 || static_cast<std::size_t>(size) > kMaxGoldenBytes) {
    return Error{ErrorCode::BadFormat, fmt::format("{}: larger than {} MB", name, kMaxGoldenBytes >> 20)};
  }
  std::string bytes(static_cast<std::size_t>(size), '\0');
  in.seekg(0);
  in.read(bytes.data(), size);
  if (!in) return Error{ErrorCode::Io, fmt::format("{}: cannot be read to its end", name)};
  if (file.extension() == ".zst") return decompress(name, bytes);
  return bytes;
}

Result<std::vector<json>> parse_golden(const std::string& name, const std::string& text) {
  std::vector<json> documents;
  std::istringstream in(text);
  while (in >> std::ws, !in.eof()) {
    json document;
    auto began = in.tellg();
    try {
      in >> document;
    } catch (const json::exception& problem) {
      return Error{ErrorCode::BadFormat, fmt::format("{}: document {} (from byte {}): {}", name, documents.size() + 1,
                                                     static_cast<std::int64_t>(began), problem.what())};
    }
    if (std::string problem = problem_of(document); !problem.empty()) {
      return Error{ErrorCode::BadFormat,
                   fmt::format("{}: document {}: not golden data: {}", name, documents.size() + 1, problem)};
    }
    documents.push_back(std::move(document));
  }
  if (documents.empty()) return Error{ErrorCode::BadFormat, fmt::format("{}: empty", name)};
  return documents;
}

GoldenHead golden_head(const json& document) {
  return {document["server_major"].get<int>(), document["checking"].get<bool>(),
          document["allocator"].get<std::string>(), document.value("source_release", std::string())};
}

}  // namespace palloscope::trace
