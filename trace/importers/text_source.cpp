#include "trace/importers/text_source.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace palloscope::trace {
namespace {

constexpr std::size_t kReadBytes = std::size_t{1} << 18;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

}  // namespace

TextSource::TextSource(std::istream& in, std::uint64_t bytes, Progress progress)
    : in_(in), bytes_(bytes), progress_(std::move(progress)) {}

void TextSource::rewind() {
  in_.clear();
  in_.seekg(0);
  begin_ = end_ = 0;
  read_bytes_ = line_number_ = cut_lines_ = 0;
}

// Appends more bytes behind end_; false at the end of the file.
bool TextSource::refill() {
  if (progress_ && !progress_(bytes_ == 0 ? 0.0 : static_cast<double>(read_bytes_) / static_cast<double>(bytes_)))
    stopped_ = true;
  if (stopped_) return false;
  if (begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (buffer_.size() < end_ + kReadBytes) buffer_.resize(std::max(end_ + kReadBytes, buffer_.size() * 2));
  in_.read(buffer_.data() + end_, static_cast<std::streamsize>(buffer_.size() - end_));
  const auto got = static_cast<std::size_t>(in_.gcount());
  end_ += got;
  read_bytes_ += got;
  return got > 0;
}

bool TextSource::next_raw_line(std::string_view& line) {
  std::size_t searched = 0;
  bool cut = false;
  while (!stopped_) {
    const char* start = buffer_.data() + begin_;
    const void* newline =
        end_ > begin_ + searched ? std::memchr(start + searched, '\n', end_ - begin_ - searched) : nullptr;
    if (newline != nullptr) {
      const auto length = static_cast<std::size_t>(static_cast<const char*>(newline) - start);
      line = {start, std::min(length, kLongestLine)};
      cut = cut || length > kLongestLine;
      begin_ += length + 1;
      break;
    }
    searched = end_ - begin_;
    if (searched > kLongestLine) {  // keep the head of the line, drop what follows it
      end_ = begin_ + kLongestLine;
      searched = kLongestLine;
      cut = true;
    }
    if (refill()) continue;
    if (stopped_ || begin_ == end_) return false;
    line = {buffer_.data() + begin_, std::min(end_ - begin_, kLongestLine)};
    begin_ = end_;
    break;
  }
  if (stopped_) return false;
  cut_lines_ += cut ? 1 : 0;
  if (++line_number_ == 1 && line.substr(0, kByteOrderMark.size()) == kByteOrderMark)
    line.remove_prefix(kByteOrderMark.size());
  return true;
}

bool TextSource::next_line(std::string_view& line) {
  if (!next_raw_line(line)) return false;
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  return true;
}

}  // namespace palloscope::trace
