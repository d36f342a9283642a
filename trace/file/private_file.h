// A file with people's data in it: for its owner alone (mode 0600), and there whole or not at all.
#pragma once

#include <filesystem>

#include "core/base/result.h"
#include "trace/file/bytes.h"

namespace palloscope::trace {

class PrivateFile {
 public:
  // Beside `path`, under a name of its own until it is finished.
  static core::Result<PrivateFile> create(const std::filesystem::path& path);
  PrivateFile(PrivateFile&& other) noexcept;
  PrivateFile& operator=(PrivateFile&& other) noexcept;
  ~PrivateFile();  // not finished: removed

  core::Status write(ByteSpan bytes);
  core::Status finish();  // now it is `path`; one that was there is replaced

 private:
  PrivateFile(std::filesystem::path path, std::filesystem::path part, int fd);
  void drop();

  std::filesystem::path path_, part_;
  int fd_ = -1;
};

}  // namespace palloscope::trace
