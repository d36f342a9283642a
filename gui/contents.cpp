#include "gui/contents.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "gui/session.h"

namespace palloscope::gui {
namespace {

constexpr std::uint64_t kHeaderRoom = 24;  // the longest header that stands before a chunk

std::string time_of_day() {
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm local{};
  if (::localtime_r(&now, &local) == nullptr) return {};
  return fmt::format("{:%H:%M:%S}", local);
}

core::Result<std::vector<std::uint8_t>> read(const Document& document, core::Address from, core::Address to) {
  if (document.live) return document.live->read_now(from, to - from);
  std::vector<std::uint8_t> bytes(to - from);
  if (document.memory->read(from, bytes)) return bytes;
  return core::Error{core::ErrorCode::NotFound,
                     fmt::format("{}: 0x{:x} is not in it", document.path.string(), from.value)};
}

}  // namespace

std::optional<ContentsRange> contents_range(const trace::MemoryState& state, const Selection& selection,
                                            std::uint64_t most) {
  if (const auto* key = std::get_if<ChunkKey>(&selection)) {
    const trace::ChunkRecord* chunk = find(state, *key);
    if (chunk == nullptr) return std::nullopt;
    const std::uint64_t shown = std::min(chunk->granted_bytes, most);
    return ContentsRange{chunk->block, chunk->at - kHeaderRoom, chunk->at + shown, chunk->at,
                         chunk->granted_bytes - shown};
  }
  if (const auto* key = std::get_if<BlockKey>(&selection)) {
    const trace::BlockRecord* block = find(state, *key);
    if (block == nullptr) return std::nullopt;
    const std::uint64_t shown = std::min(block->bytes, most);
    return ContentsRange{key->slot, block->at, block->at + shown, block->at, block->bytes - shown};
  }
  return std::nullopt;
}

const ShownContents* shown_contents(const Session& session) {
  if (!session.document || !session.contents) return nullptr;
  const ShownContents& contents = *session.contents;
  return contents.serial == session.document->serial && contents.of == session.selection ? &contents : nullptr;
}

std::string_view why_no_contents(const Session& session) {
  if (!session.document) return "contents.none";
  const Document& document = *session.document;
  if (document.live) return document.live->ended() ? "contents.ended" : "";
  if (document.memory) return "";
  if (document.is_headers_only) return "contents.headers_only";
  return document.timeline.description().source == core::SourceKind::Snapshot ? "contents.let_go" : "contents.none";
}

bool can_show_contents(const Session& session) {
  return why_no_contents(session).empty() && contents_range(session.state(), session.selection, 0).has_value();
}

void read_contents(Session& session) {
  const auto range = contents_range(session.state(), session.selection, kMostContents);
  if (!range) return;
  const Document& document = *session.document;
  ShownContents& contents = session.contents.emplace();
  contents.of = session.selection;
  contents.serial = document.serial;
  contents.number = ++session.contents_read;
  contents.from = range->from;
  if (document.live) contents.read_at = time_of_day();
  auto bytes = read(document, range->from, range->to);
  if (!bytes && range->first != range->from) {  // the room for the header may reach out of what is there
    contents.from = range->first;
    bytes = read(document, range->first, range->to);
  }
  if (bytes)
    contents.bytes = std::move(*bytes);
  else
    contents.problem = bytes.error().message;
}

bool ContentsSource::read(core::Address at, std::span<std::uint8_t> into) const {
  for (std::size_t i = 0; i < into.size(); ++i) {
    const std::uint64_t offset = at + i - contents_.from;
    if (at + i >= contents_.from && offset < contents_.bytes.size())
      into[i] = contents_.bytes[offset];
    else if (known_ == nullptr || !known_->read(at + i, into.subspan(i, 1)))
      return false;
  }
  return true;
}

}  // namespace palloscope::gui
