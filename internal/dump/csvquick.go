package dump

// endsBare has the bytes that end a cell without enclosure.
var endsBare = [256]bool{',': true, '\n': true, '\\': true}

// quick decodes the row that b begins with, in one pass and without altering b: cells with escapes are decoded into the reader's own memory.
// It returns how many bytes the row takes, and 0 for one that ends beyond b or is not as AppendCSV writes: the slow way tells which.
func (r *CSVReader) quick(b []byte) int {
	text, pos, last := r.text[:0], 0, len(r.row)-1
	for i := range r.row {
		if pos >= len(b) {
			return 0
		}
		start, end, next := pos, pos, 0
		if b[pos] == '"' {
			start++
			n := IndexEither(b[start:], '"', '\\')
			if n < 0 || start+n+1 >= len(b) {
				return 0
			}
			end = start + n
			next = end + 1
			if b[end] != '"' || b[next] != ',' && b[next] != '\n' {
				from := len(text)
				if text, next = quickEscaped(text, b, start); next == 0 {
					return 0
				}
				r.row[i] = text[from:len(text):len(text)]
			} else {
				r.row[i] = b[start:end:end]
			}
		} else {
			for end < len(b) && !endsBare[b[end]] {
				end++
			}
			next = end
			if next < len(b) && b[next] == '\\' {
				next += len(`\N`)
				if end != start || next >= len(b) || b[next-1] != 'N' || b[next] != ',' && b[next] != '\n' {
					return 0
				}
			}
			r.row[i] = b[start:end:end]
			if end != next || string(r.row[i]) == "NULL" {
				r.row[i] = nil
			}
		}
		if next >= len(b) || (b[next] == '\n') != (i == last) {
			return 0
		}
		pos = next + 1
	}
	r.text = text
	return pos
}

// quickEscaped decodes the enclosed cell whose text starts at b[pos] behind dst, and returns where its terminator is; 0: it is not known, as in quick.
func quickEscaped(dst, b []byte, pos int) (decoded []byte, next int) {
	for {
		n := IndexEither(b[pos:], '"', '\\')
		if n < 0 || pos+n+1 >= len(b) {
			return dst, 0
		}
		dst = append(dst, b[pos:pos+n]...)
		pos += n
		c, after := b[pos], b[pos+1]
		switch {
		case c == '\\' && after == 'N': // alone it is NULL
			return dst, 0
		case c == '\\':
			c = Unescaped(after)
			pos++
		case after == ',' || after == '\n':
			return dst, pos + 1
		case after == '"':
			pos++
		}
		dst = append(dst, c)
		pos++
	}
}
