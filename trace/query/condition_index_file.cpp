#include "trace/query/condition_index_file.h"

#include <fmt/format.h>

#include <cstring>
#include <fstream>
#include <system_error>
#include <utility>

#include "trace/file/bytes.h"
#include "trace/file/crc32c.h"

namespace palloscope::trace {
namespace {

constexpr std::uint8_t kMagic[8] = {0x89, 'P', 'S', 'I', 'd', 'x', '1', '\n'};
constexpr std::uintmax_t kLargest = std::uintmax_t{1} << 30;

// Which trace it is of: where its blocks begin, and what their summaries say.
std::uint32_t checksum_of(const EventStore& store) {
  std::uint32_t sum = 0;
  const auto add = [&](const auto& value) {
    sum = crc32c({reinterpret_cast<const std::uint8_t*>(&value), sizeof value}, sum);
  };
  for (std::size_t block = 0; block < store.block_count(); ++block) {
    add(store.first_event(block));
    add(store.summary(block));
  }
  return sum;
}

template <std::size_t N>
void put_words(NumberWriter& out, const std::array<std::uint64_t, N>& words) {
  for (const std::uint64_t word : words) out.put(word);
}
template <std::size_t N>
void get_words(NumberReader& in, std::array<std::uint64_t, N>& words) {
  for (std::uint64_t& word : words) word = in.get();
}
void put_signed(NumberWriter& out, std::int64_t value) { out.put(zigzag(static_cast<std::uint64_t>(value))); }
std::int64_t get_signed(NumberReader& in) { return static_cast<std::int64_t>(unzigzag(in.get())); }

Bytes read_all(const std::filesystem::path& path) {
  std::error_code error;
  const std::uintmax_t size = std::filesystem::file_size(path, error);
  if (error || size < sizeof kMagic + 4 || size > kLargest) return {};
  Bytes bytes(static_cast<std::size_t>(size));
  std::ifstream in(path, std::ios::binary);
  in.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  return in ? bytes : Bytes{};
}

}  // namespace

Bytes ConditionIndex::saved() const {
  NumberWriter out;
  out.put_bytes(kMagic, sizeof kMagic);
  out.put(checksum_of(*store_));
  out.put(blocks_.size());
  out.put(spelled_.size());
  for (const std::string_view name : spelled_) {
    out.put(name.size());
    out.put_bytes(name.data(), name.size());
  }
  for (const Block& block : blocks_) {
    out.put(block.size_most);
    out.put(block.granted_most);
    put_words(out, block.names);
    put_words(out, block.buffers);
    out.put(block.emptied);
  }
  for (const Totals& totals : totals_) {
    out.put(totals.ranges.size());
    std::uint32_t before = 0;
    for (const Totals::Range& range : totals.ranges) {
      out.put(range.block - std::exchange(before, range.block));
      put_signed(out, range.least);
      put_signed(out, range.most);
      put_signed(out, range.last);
    }
  }
  Bytes bytes(out.written().begin(), out.written().end());
  append_little(bytes, crc32c(bytes));
  return bytes;
}

bool ConditionIndex::restore(Bytes bytes) {
  if (bytes.size() < sizeof kMagic + 4 || std::memcmp(bytes.data(), kMagic, sizeof kMagic) != 0) return false;
  const std::size_t end = bytes.size() - 4;
  if (load_little<std::uint32_t>(bytes.data() + end) != crc32c({bytes.data(), end})) return false;
  bytes.resize(end + kReadSlack);
  NumberReader in({bytes.data() + sizeof kMagic, end - sizeof kMagic});
  if (in.get() != checksum_of(*store_) || in.get() != store_->block_count()) return false;
  const std::uint64_t names = in.get();
  if (names > kMostNames || in.failed()) return false;
  std::unordered_map<std::string, std::uint32_t> numbers;
  std::vector<std::string_view> spelled;
  for (std::uint64_t i = 0; i < names; ++i) {
    const ByteSpan name = in.get_bytes(in.get());
    const auto [place, is_new] =
        numbers.emplace(std::string(name.begin(), name.end()), static_cast<std::uint32_t>(spelled.size()));
    if (!is_new || in.failed()) return false;
    spelled.push_back(place->first);
  }
  std::vector<Block> blocks(store_->block_count());
  for (Block& block : blocks) {
    block.size_most = in.get();
    block.granted_most = in.get();
    get_words(in, block.names);
    get_words(in, block.buffers);
    block.emptied = static_cast<std::uint16_t>(in.get());
  }
  std::vector<Totals> totals(spelled.size());
  for (Totals& one : totals) {
    const std::uint64_t count = in.get();
    if (count > blocks.size() || in.failed()) return false;
    std::uint64_t at = 0;
    for (std::uint64_t i = 0; i < count; ++i) {
      at += in.get();
      if (at >= blocks.size() || in.failed()) return false;
      const std::int64_t least = get_signed(in), most = get_signed(in), last = get_signed(in);
      one.ranges.push_back({static_cast<std::uint32_t>(at), least, most, last});
    }
  }
  if (in.failed() || in.left() != 0) return false;
  names_ = std::move(numbers);  // its keys stay where they are
  spelled_ = std::move(spelled);
  blocks_ = std::move(blocks);
  totals_ = std::move(totals);
  restored_ = true;
  return true;
}

std::filesystem::path condition_index_path(const std::filesystem::path& file) {
  std::filesystem::path path = file;
  if (path.extension() == ".pscope") path.replace_extension();
  path += ".pscope-index";
  return path;
}

bool read_condition_index(const std::filesystem::path& path, ConditionIndex& index) {
  Bytes bytes = read_all(path);
  return !bytes.empty() && index.restore(std::move(bytes));
}

core::Status write_condition_index(const std::filesystem::path& path, const ConditionIndex& index) {
  core::check(index.is_whole(), "only a whole index is kept");
  const Bytes bytes = index.saved();
  std::filesystem::path unfinished = path;
  unfinished += ".part";
  std::ofstream out(unfinished, std::ios::binary | std::ios::trunc);
  out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  out.close();
  std::error_code error;
  if (out) std::filesystem::rename(unfinished, path, error);
  if (!out || error) {
    std::filesystem::remove(unfinished, error);
    return core::Error{core::ErrorCode::Io, fmt::format("{}: cannot be written", path.string())};
  }
  return core::Done{};
}

}  // namespace palloscope::trace
