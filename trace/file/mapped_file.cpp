#include "trace/file/mapped_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace palloscope::trace {

using core::Error;
using core::ErrorCode;

core::Result<MappedFile> MappedFile::open(const std::filesystem::path& file) {
  auto failed = [&](const char* what) {
    auto code = errno == ENOENT ? ErrorCode::NotFound : ErrorCode::Io;
    return Error{code, fmt::format("{}: {}: {}", file.string(), what, std::strerror(errno))};
  };
  int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return failed("cannot be opened");
  struct stat status {};
  if (fstat(fd, &status) != 0) {
    auto error = failed("cannot be read");
    ::close(fd);
    return error;
  }
  if (!S_ISREG(status.st_mode)) {
    ::close(fd);
    return Error{ErrorCode::BadArgument, fmt::format("{}: not a regular file", file.string())};
  }
  MappedFile mapped;
  if (status.st_size > 0) {
    auto size = static_cast<std::size_t>(status.st_size);
    void* at = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (at == MAP_FAILED) {
      auto error = failed("cannot be mapped");
      ::close(fd);
      return error;
    }
    mapped.bytes_ = {static_cast<const std::uint8_t*>(at), size};
  }
  ::close(fd);
  return mapped;
}

MappedFile::MappedFile(MappedFile&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}
MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(bytes_, other.bytes_);
  return *this;
}
MappedFile::~MappedFile() {
  if (bytes_.data()) munmap(const_cast<std::uint8_t*>(bytes_.data()), bytes_.size());
}

}  // namespace palloscope::trace
