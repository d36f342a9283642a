#include "trace/live/process_memory.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>

namespace palloscope::trace {
namespace {

constexpr std::size_t kMostVectors = 512;
// A call copies no more than this: in between, a limit of time can be looked at by whoever calls.
constexpr std::size_t kMostPerCall = std::size_t{1} << 30;

void* remote(core::Address at) { return reinterpret_cast<void*>(static_cast<std::uintptr_t>(at.value)); }

// The part of `ranges` behind the first `done` bytes, as far as one call takes it.
std::size_t next_vectors(std::span<const AddressRange> ranges, std::size_t done,
                         std::array<iovec, kMostVectors>& vectors) {
  std::size_t count = 0, total = 0;
  std::uint64_t before = 0;
  for (const AddressRange& range : ranges) {
    const std::uint64_t skip = done > before ? done - before : 0;
    before += range.bytes();
    if (skip >= range.bytes()) continue;
    const std::uint64_t bytes = std::min<std::uint64_t>(range.bytes() - skip, kMostPerCall - total);
    vectors[count++] = {remote(range.begin + skip), bytes};
    total += bytes;
    if (count == kMostVectors || total == kMostPerCall) break;
  }
  return count;
}

}  // namespace

ProcessMemory::ProcessMemory(std::uint32_t pid) : pid_(pid) {
  file_ = open(("/proc/" + std::to_string(pid) + "/mem").c_str(), O_RDONLY | O_CLOEXEC);
}

ProcessMemory::~ProcessMemory() {
  if (file_ >= 0) close(file_);
}

bool ProcessMemory::read(core::Address at, std::span<std::uint8_t> into) const {
  if (into.empty()) return true;
  if (at.value > ~std::uint64_t{0} - into.size()) return false;
  const AddressRange range{at, at + into.size()};
  return read_ranges({&range, 1}, into) == into.size();
}

std::size_t ProcessMemory::read_ranges(std::span<const AddressRange> ranges, std::span<std::uint8_t> into) const {
  std::array<iovec, kMostVectors> vectors;
  std::size_t done = 0;
  while (done < into.size()) {
    const std::size_t count = next_vectors(ranges, done, vectors);
    if (count == 0) break;
    const iovec local{into.data() + done, into.size() - done};
    const ssize_t got = process_vm_readv(static_cast<pid_t>(pid_), &local, 1, vectors.data(), count, 0);
    if (got > 0) {
      done += static_cast<std::size_t>(got);
    } else if (got < 0 && (errno == ENOSYS || errno == EPERM) && file_ >= 0) {
      return read_by_file(ranges, done, into);
    } else if (got == 0 || errno != EINTR) {
      break;
    }
  }
  return done;
}

std::size_t ProcessMemory::read_by_file(std::span<const AddressRange> ranges, std::size_t done,
                                        std::span<std::uint8_t> into) const {
  std::uint64_t before = 0;
  for (const AddressRange& range : ranges) {
    while (done < into.size() && done < before + range.bytes()) {
      const std::uint64_t skip = done - before;
      const std::size_t bytes = std::min<std::uint64_t>(range.bytes() - skip, into.size() - done);
      const ssize_t got = pread(file_, into.data() + done, bytes, static_cast<off_t>(range.begin.value + skip));
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) return done;
      done += static_cast<std::size_t>(got);
    }
    before += range.bytes();
  }
  return done;
}

std::shared_ptr<Arena> Arena::of(std::size_t bytes) {
  const std::size_t page = 4096;
  const std::size_t size = std::max((bytes + page - 1) / page * page, page);
  void* const begin = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  if (begin == MAP_FAILED) return nullptr;
  madvise(begin, size, MADV_DONTDUMP);  // a core of ours is no place for rows of somebody's tables
  // Shared with a holder forked later, each page would be copied anew at its first write: while the process stands.
  madvise(begin, size, MADV_DONTFORK);
  return std::shared_ptr<Arena>(new Arena(static_cast<std::uint8_t*>(begin), size));
}

Arena::~Arena() { munmap(begin_, size_); }

void Arena::wipe(std::size_t bytes) { explicit_bzero(begin_, std::min(bytes, size_)); }

CopiedMemory::CopiedMemory(std::shared_ptr<Arena> arena, std::vector<Piece> pieces,
                           std::unique_ptr<core::MemorySource> behind, std::vector<AddressRange> live)
    : arena_(std::move(arena)), pieces_(std::move(pieces)), behind_(std::move(behind)), live_(std::move(live)) {}

CopiedMemory::~CopiedMemory() {
  std::uint64_t used = 0;
  for (const Piece& piece : pieces_)
    if (!piece.zero) used = std::max(used, piece.offset + piece.range.bytes());
  arena_->wipe(used);
}

bool CopiedMemory::read(core::Address at, std::span<std::uint8_t> into) const {
  if (at.value > ~std::uint64_t{0} - into.size()) return false;
  auto piece = std::upper_bound(pieces_.begin(), pieces_.end(), at,
                                [](core::Address a, const Piece& p) { return a < p.range.end; });
  if (piece == pieces_.end() || piece->range.begin > at) return read_live(at, into);
  std::size_t done = 0;
  while (done < into.size()) {
    const core::Address here = at + done;
    if (piece == pieces_.end() || piece->range.begin > here) return false;
    const std::size_t bytes = std::min<std::uint64_t>(into.size() - done, piece->range.end - here);
    if (piece->zero)
      std::fill_n(into.data() + done, bytes, std::uint8_t{0});
    else
      std::copy_n(arena_->bytes().data() + piece->offset + (here - piece->range.begin), bytes, into.data() + done);
    done += bytes;
    ++piece;
  }
  return true;
}

bool CopiedMemory::read_live(core::Address at, std::span<std::uint8_t> into) const {
  const auto range = std::upper_bound(live_.begin(), live_.end(), at,
                                      [](core::Address a, const AddressRange& r) { return a < r.end; });
  return behind_ != nullptr && range != live_.end() && range->begin <= at && range->end - at >= into.size() &&
         behind_->read(at, into);
}

}  // namespace palloscope::trace
