// Lists of pages for the replacement policies: a page, named by a dense number, is in one list of several or in none.
// Everything costs the same, however long the lists are.
#pragma once

#include <cstdint>
#include <vector>

#include "core/base/check.h"

namespace palloscope::trace {

template <int kLists>
class PageLists {
 public:
  static constexpr std::uint32_t kNone = 0xFFFFFFFF;
  static constexpr std::uint8_t kNowhere = 0xFF;

  std::uint32_t size(int list) const { return ends_[list].count; }
  std::uint8_t list_of(std::uint32_t page) const { return page < nodes_.size() ? nodes_[page].list : kNowhere; }
  std::uint32_t oldest(int list) const { return ends_[list].last; }  // kNone: the list is empty

  // The page, which is in no list, becomes the newest of this one.
  void push(int list, std::uint32_t page) {
    if (page >= nodes_.size()) nodes_.resize(page + 1);
    Node& node = nodes_[page];
    core::check(node.list == kNowhere, "a page is in one list at a time");
    Ends& ends = ends_[list];
    node = {ends.first, kNone, static_cast<std::uint8_t>(list)};
    (ends.first != kNone ? nodes_[ends.first].newer : ends.last) = page;
    ends.first = page;
    ++ends.count;
  }

  void remove(std::uint32_t page) {
    Node& node = nodes_[page];
    core::check(node.list != kNowhere, "the page is in a list");
    Ends& ends = ends_[node.list];
    (node.newer != kNone ? nodes_[node.newer].older : ends.first) = node.older;
    (node.older != kNone ? nodes_[node.older].newer : ends.last) = node.newer;
    --ends.count;
    node = Node{};
  }

  void move(int list, std::uint32_t page) {
    remove(page);
    push(list, page);
  }

 private:
  struct Node {
    std::uint32_t older = kNone, newer = kNone;
    std::uint8_t list = kNowhere;
  };
  struct Ends {
    std::uint32_t first = kNone, last = kNone, count = 0;  // first: the newest
  };
  std::vector<Node> nodes_;  // by page
  Ends ends_[kLists];
};

}  // namespace palloscope::trace
