// A file's bytes, mapped for reading.
#pragma once

#include <filesystem>

#include "core/base/result.h"
#include "trace/file/bytes.h"

namespace palloscope::trace {

class MappedFile {
 public:
  static core::Result<MappedFile> open(const std::filesystem::path& file);
  MappedFile() = default;
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  ~MappedFile();

  ByteSpan bytes() const { return bytes_; }

 private:
  ByteSpan bytes_;
};

}  // namespace palloscope::trace
