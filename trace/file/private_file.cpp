#include "trace/file/private_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

namespace palloscope::trace {
namespace {

core::Error failed(const std::filesystem::path& path, const char* what) {
  return {core::ErrorCode::Io, fmt::format("{}: {}: {}", path.string(), what, std::strerror(errno))};
}

}  // namespace

core::Result<PrivateFile> PrivateFile::create(const std::filesystem::path& path) {
  std::filesystem::path part = path;
  part += ".new";
  // What lies there is of a program that was killed, or a trap: a link into a file of ours.
  ::unlink(part.c_str());
  const int fd = ::open(part.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0) return failed(path, "cannot be made");
  return PrivateFile(path, std::move(part), fd);
}

PrivateFile::PrivateFile(std::filesystem::path path, std::filesystem::path part, int fd)
    : path_(std::move(path)), part_(std::move(part)), fd_(fd) {}
PrivateFile::PrivateFile(PrivateFile&& other) noexcept
    : path_(std::move(other.path_)), part_(std::move(other.part_)), fd_(std::exchange(other.fd_, -1)) {}
PrivateFile& PrivateFile::operator=(PrivateFile&& other) noexcept {
  if (this == &other) return *this;
  drop();
  path_ = std::move(other.path_);
  part_ = std::move(other.part_);
  fd_ = std::exchange(other.fd_, -1);
  return *this;
}
PrivateFile::~PrivateFile() { drop(); }

void PrivateFile::drop() {
  if (fd_ < 0) return;
  ::close(fd_);
  ::unlink(part_.c_str());
  fd_ = -1;
}

core::Status PrivateFile::write(ByteSpan bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return failed(path_, "cannot be written");
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return core::Done{};
}

core::Status PrivateFile::finish() {
  const bool closed = ::close(std::exchange(fd_, -1)) == 0;
  if (closed && std::rename(part_.c_str(), path_.c_str()) == 0) return core::Done{};
  core::Error error = failed(path_, closed ? "cannot be replaced" : "cannot be written");
  ::unlink(part_.c_str());
  return error;
}

}  // namespace palloscope::trace
