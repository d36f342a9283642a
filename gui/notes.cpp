#include "gui/notes.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <system_error>

#include "trace/query/condition.h"

namespace palloscope::gui {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::uintmax_t kLargestBytes = 16 << 20;
constexpr int kFormat = 1;

core::Error damaged(std::string why) { return {core::ErrorCode::BadFormat, std::move(why)}; }

// The member's value if it is there and of this type; else what it was.
template <class T>
bool take(const Json& from, const char* key, T& into) {
  const auto found = from.find(key);
  if (found == from.end()) return true;
  if constexpr (std::is_same_v<T, bool>) {
    if (!found->is_boolean()) return false;
  } else if constexpr (std::is_same_v<T, std::string>) {
    if (!found->is_string()) return false;
  } else {
    if (!found->is_number_unsigned()) return false;
  }
  into = found->get<T>();
  return true;
}

// The list's elements, one after another, until `each` says no.
template <class Each>
bool for_list(const Json& from, const char* key, Each each) {
  const auto found = from.find(key);
  if (found == from.end()) return true;
  return found->is_array() && found->size() <= kMostNotes && std::all_of(found->begin(), found->end(), each);
}

}  // namespace

std::string notes_json(const Notes& notes) {
  Json json = {{"palloscope_notes", kFormat}};
  json["breakpoints"] = Json::array();
  for (const Breakpoint& one : notes.breakpoints)
    json["breakpoints"].push_back({{"condition", one.condition}, {"name", one.name}, {"on", one.on}});
  json["bookmarks"] = notes.bookmarks;
  json["notes"] = Json::array();
  for (const Note& one : notes.notes)
    json["notes"].push_back({{"first", one.first}, {"last", one.last}, {"text", one.text}});
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

core::Result<Notes> parse_notes(std::string_view text) {
  Json json;
  try {
    json = Json::parse(text);
  } catch (const Json::parse_error& error) {
    return damaged(fmt::format("byte {}: it is no JSON", error.byte));
  }
  std::uint64_t format = 0;
  if (!json.is_object() || !take(json, "palloscope_notes", format) || format == 0)
    return damaged("it does not say palloscope_notes");
  if (format > kFormat) return damaged(fmt::format("its format is {}, and this program knows {}", format, kFormat));
  Notes notes;
  std::string why;
  const bool breakpoints = for_list(json, "breakpoints", [&](const Json& one) {
    Breakpoint point;
    if (!one.is_object() || !take(one, "condition", point.condition) || !take(one, "name", point.name) ||
        !take(one, "on", point.on))
      return false;
    const auto condition = trace::Condition::parse(point.condition);
    if (!condition) why = fmt::format(": \"{}\", {}", point.condition, condition.error().message);
    notes.breakpoints.push_back(std::move(point));
    return why.empty();
  });
  if (!breakpoints) return damaged(fmt::format("breakpoint {}{}", notes.breakpoints.size(), why));
  const bool bookmarks = for_list(json, "bookmarks", [&](const Json& one) {
    if (!one.is_number_unsigned()) return false;
    notes.bookmarks.insert(one.get<core::EventNumber>());
    return true;
  });
  if (!bookmarks) return damaged("its bookmarks are no event numbers");
  const bool all = for_list(json, "notes", [&](const Json& one) {
    Note note;
    if (!one.is_object() || !take(one, "first", note.first) || !take(one, "last", note.last) ||
        !take(one, "text", note.text) || note.last < note.first)
      return false;
    notes.notes.push_back(std::move(note));
    return true;
  });
  if (!all) return damaged(fmt::format("note {} has no first and last event and text", notes.notes.size() + 1));
  return notes;
}

std::filesystem::path notes_path(const std::filesystem::path& file) {
  std::filesystem::path path = file;
  path += file.extension() == ".pscope" ? "-notes" : ".pscope-notes";
  return path;
}

core::Result<Notes> read_notes(const std::filesystem::path& file) {
  const std::filesystem::path path = notes_path(file);
  const auto failed = [&](const std::string& why) { return damaged(fmt::format("{}: {}", path.string(), why)); };
  std::error_code error;
  const std::uintmax_t bytes = std::filesystem::file_size(path, error);
  if (error == std::errc::no_such_file_or_directory) return Notes{};
  if (error) return failed(error.message());
  if (bytes > kLargestBytes) return failed("it is larger than 16 MB");
  std::ifstream in(path, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(in)), {});
  if (!in) return failed("it cannot be read");
  auto notes = parse_notes(text);
  if (!notes) return failed(notes.error().message);
  return notes;
}

core::Status write_notes(const std::filesystem::path& file, const Notes& notes) {
  const std::filesystem::path path = notes_path(file);
  std::error_code error;
  if (notes.empty()) {
    std::filesystem::remove(path, error);
    return core::Done{};
  }
  std::filesystem::path unfinished = path;
  unfinished += ".part";
  {
    std::ofstream out(unfinished, std::ios::binary);
    out << notes_json(notes);
    out.close();
    if (!out) return core::Error{core::ErrorCode::Io, fmt::format("{}: cannot be written", path.string())};
  }
  std::filesystem::rename(unfinished, path, error);
  if (error) return core::Error{core::ErrorCode::Io, fmt::format("{}: {}", path.string(), error.message())};
  return core::Done{};
}

}  // namespace palloscope::gui
