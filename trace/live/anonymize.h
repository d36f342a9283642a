// A snapshot without people's words: idents, SQL, names that are not PostgreSQL's own, process title and folders become
// codes of the same length, so that every size, address and order stays. The same text has the same code throughout
// one file; codes are drawn by lot, and nothing is kept that leads back.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "core/walk/pfree_path.h"
#include "trace/live/snapshot_file.h"

namespace palloscope::trace {

// Contexts and tables that every server has (spec 8.1).
bool is_postgres_name(std::string_view name);

class TextCodes {
 public:
  // Small letters, as many as the text has bytes. Not the code of another text, as long as there are any others.
  const std::string& of(const std::string& text);

 private:
  std::map<std::string, std::string, std::less<>> codes_;
  std::set<std::string, std::less<>> taken_;
};

// What a process title says of people: role, database, client address, cluster name. What the server does stays.
std::string anonymous_title(const std::string& title, TextCodes& codes);
// Every folder and file of a path; with `keep_file` its last part stays.
std::string anonymous_path(const std::string& path, bool keep_file, TextCodes& codes);

// Lays the codes over a memory.
class Anonymized {
 public:
  explicit Anonymized(const core::MemorySource& below) : patched_(below) {}

  // Covers the texts of the moment, which was read from the memory below, and those of `said`.
  AnonymizeReport replace(const ServerMoment& moment, Capture& said);
  const core::MemorySource& memory() const { return patched_; }

 private:
  // Covers the text that the pointer at `pointer` leads to. False: there is none, or it is covered already.
  bool cover(core::Address pointer, const std::string& text);

  core::PatchedSource patched_;
  std::set<core::Address> covered_;
  TextCodes codes_;
};

}  // namespace palloscope::trace
