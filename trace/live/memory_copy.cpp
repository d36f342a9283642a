#include "trace/live/memory_copy.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "trace/live/proc_files.h"

namespace palloscope::trace {
namespace {

using core::Address;

constexpr std::uint64_t kPage = 4096;
// Smaller mappings are copied whole: to ask which of their pages were touched takes longer.
constexpr std::uint64_t kWorthAsking = 1 << 20;

// Private memory that the process may write: its heap, its stack, its variables. Special mappings of the kernel cannot
// be read.
// What a sanitizer reserves is terabytes large, nearly all of it untouched: it is read where it lies, without a copy.
constexpr std::uint64_t kMostMapping = std::uint64_t{1} << 40;

bool is_own(const Mapping& mapping) {
  return mapping.read && mapping.write && !mapping.shared && mapping.name != "[vvar]" && mapping.name != "[vsyscall]" &&
         mapping.end - mapping.begin <= kMostMapping;
}

bool is_anonymous(const Mapping& mapping) { return mapping.inode == 0; }

class PageMap {
 public:
  explicit PageMap(const std::string& path) : file_(open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
  ~PageMap() {
    if (file_ >= 0) close(file_);
  }
  PageMap(const PageMap&) = delete;
  PageMap& operator=(const PageMap&) = delete;

  // Calls visit(begin, end, touched) for the runs of pages; false if it is not told.
  template <class Visit>
  bool for_runs(const Mapping& mapping, const Visit& visit) const {
    if (file_ < 0) return false;
    Address run = mapping.begin;
    bool touched = false;
    std::array<std::uint64_t, 8192> entries;
    for (Address at = mapping.begin; at < mapping.end;) {
      const std::size_t pages = std::min<std::uint64_t>(entries.size(), (mapping.end - at) / kPage);
      const ssize_t got = pread(file_, entries.data(), pages * sizeof entries[0],
                                static_cast<off_t>(at.value / kPage * sizeof entries[0]));
      if (got != static_cast<ssize_t>(pages * sizeof entries[0])) return false;
      for (std::size_t i = 0; i < pages; ++i, at = at + kPage) {
        const bool is_touched = entries[i] >> 62 != 0;  // bit 63: in memory; 62: swapped out
        if (is_touched == touched) continue;
        if (at > run) visit(run, at, touched);
        run = at;
        touched = is_touched;
      }
    }
    visit(run, mapping.end, touched);
    return true;
  }

 private:
  int file_;
};

}  // namespace

MemoryCopy::MemoryCopy(std::uint32_t pid, std::string proc)
    : pid_(pid), proc_(std::move(proc)), memory_(std::make_unique<ProcessMemory>(pid)) {}

void MemoryCopy::add(Address begin, Address end, bool zero) {
  if (!pieces_.empty() && pieces_.back().range.end == begin && pieces_.back().zero == zero)
    pieces_.back().range.end = end;
  else
    pieces_.push_back({{begin, end}, planned_bytes_, zero});
  if (!zero) planned_bytes_ += end - begin;
}

void MemoryCopy::add_touched(const Mapping& mapping) {
  if (!is_anonymous(mapping) || mapping.end - mapping.begin < kWorthAsking)
    return add(mapping.begin, mapping.end, false);
  const PageMap pages(proc_ + "/pagemap");
  const std::size_t pieces = pieces_.size();
  const std::uint64_t bytes = planned_bytes_;
  const auto before = pieces_.empty() ? CopiedMemory::Piece{} : pieces_.back();
  if (pages.for_runs(mapping, [&](Address begin, Address end, bool touched) { add(begin, end, !touched); })) return;
  pieces_.resize(pieces);
  if (!pieces_.empty()) pieces_.back() = before;
  planned_bytes_ = bytes;
  add(mapping.begin, mapping.end, false);
}

void MemoryCopy::plan() {
  maps_ = parse_maps(read_proc_file(proc_ + "/maps").value_or(""));
  pieces_.clear();
  planned_bytes_ = 0;
  for (const Mapping& mapping : maps_)
    if (is_own(mapping)) add_touched(mapping);
}

core::Status MemoryCopy::prepare() {
  plan();
  expected_bytes_ = planned_bytes_;
  if (arena_ != nullptr && arena_.use_count() == 1 && arena_->bytes().size() >= planned_bytes_) return core::Done{};
  const std::uint64_t wanted = planned_bytes_ + planned_bytes_ / 4 + (std::uint64_t{4} << 20);
  if (arena_ != nullptr && arena_.use_count() == 1) arena_.reset();
  const std::uint64_t available = available_memory("/proc");
  if (available == 0 || wanted < available)
    arena_ = Arena::of(wanted);
  else
    arena_.reset();
  if (arena_ != nullptr) return core::Done{};
  return core::Error{
      core::ErrorCode::Unsupported,
      fmt::format("PID {} has {} MB of memory of its own, and there are {} MB left here for a copy of it: "
                  "free some, or open a core file of it on another machine",
                  pid_, planned_bytes_ >> 20, available >> 20)};
}

bool MemoryCopy::copy() {
  plan();
  if (arena_ == nullptr || planned_bytes_ > arena_->bytes().size()) return false;
  return copy_pieces();
}

// A page that cannot be read (its mapping has just gone, if the process runs on) is left out, and what is behind it
// goes on.
bool MemoryCopy::copy_pieces() {
  std::vector<AddressRange> ranges;
  std::vector<CopiedMemory::Piece> copied, all = std::move(pieces_);
  pieces_.clear();
  copied_bytes_ = 0;
  std::size_t next = 0;
  while (next < all.size()) {
    ranges.clear();
    std::uint64_t wanted = 0;
    for (std::size_t i = next; i < all.size(); ++i)
      if (!all[i].zero) ranges.push_back(all[i].range), wanted += all[i].range.bytes();
    std::uint64_t got = memory_->read_ranges(ranges, arena_->bytes().subspan(copied_bytes_, wanted));
    const bool whole = got == wanted;
    for (; next < all.size(); ++next) {
      CopiedMemory::Piece& piece = all[next];
      if (piece.zero) {
        pieces_.push_back(piece);
        continue;
      }
      const std::uint64_t there = std::min(got, piece.range.bytes());
      const std::uint64_t bytes = piece.range.bytes();
      if (there > 0) pieces_.push_back({{piece.range.begin, piece.range.begin + there}, copied_bytes_, false});
      copied_bytes_ += there;
      got -= there;
      if (there == bytes) continue;
      // The next page may be there again.
      const Address behind{(piece.range.begin.value + there) / kPage * kPage + kPage};
      if (behind < piece.range.end)
        piece.range.begin = behind;
      else
        ++next;
      break;
    }
    if (whole) break;
  }
  return copied_bytes_ > 0;
}

std::unique_ptr<core::MemorySource> MemoryCopy::take() {
  std::vector<AddressRange> live;
  for (const Mapping& mapping : maps_) {
    if (!mapping.read || is_own(mapping)) continue;
    if (!live.empty() && live.back().end == mapping.begin)
      live.back().end = mapping.end;
    else
      live.push_back({mapping.begin, mapping.end});
  }
  return std::make_unique<CopiedMemory>(arena_, std::move(pieces_), std::make_unique<ProcessMemory>(pid_),
                                        std::move(live));
}

}  // namespace palloscope::trace
