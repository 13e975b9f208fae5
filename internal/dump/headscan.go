package dump

import (
	"bytes"
	"fmt"
)

// headScan reads words, quoted names and punctuation. Its errors are errShort where the text ends, else ErrStatement.
type headScan struct {
	text []byte
	pos  int
}

func (h *headScan) skipSpace() {
	for h.pos < len(h.text) && (h.text[h.pos] == ' ' || h.text[h.pos] == '\n') {
		h.pos++
	}
}

func (h *headScan) refuse() error {
	h.skipSpace()
	if h.pos >= len(h.text) {
		return errShort
	}
	return fmt.Errorf("%w: %.40q", ErrStatement, h.text[h.pos:])
}

// words takes these keywords.
func (h *headScan) words(words ...string) error {
	for _, w := range words {
		h.skipSpace()
		rest := h.text[h.pos:]
		if len(rest) < len(w) {
			if bytes.HasPrefix([]byte(w), rest) {
				return errShort
			}
			return h.refuse()
		}
		if string(rest[:len(w)]) != w {
			return h.refuse()
		}
		h.pos += len(w)
	}
	return nil
}

// sees takes a character if it is the next.
func (h *headScan) sees(c byte) bool {
	h.skipSpace()
	if h.pos < len(h.text) && h.text[h.pos] == c {
		h.pos++
		return true
	}
	return false
}

// name takes a name in backticks.
func (h *headScan) name() (string, error) {
	if !h.sees('`') {
		return "", h.refuse()
	}
	var name []byte
	for h.pos < len(h.text) {
		i := bytes.IndexByte(h.text[h.pos:], '`')
		if i < 0 || h.pos+i+1 >= len(h.text) {
			return "", errShort
		}
		name = append(name, h.text[h.pos:h.pos+i]...)
		h.pos += i + 1
		if h.text[h.pos] != '`' {
			return string(name), nil
		}
		name = append(name, '`')
		h.pos++
	}
	return "", errShort
}
