package dump

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// A record of a stream stands in the comment of a PAX header, which every tar passes over: `gomove KIND SUM JSON`, SUM being the
// XXH3-128 of JSON. It describes the entry that its header belongs to, or, in a global header, needs none. A record that is too
// long for one header begins in global headers, `gomove part TEXT`, and ends in `gomove last TEXT`.

// recordKind is what a record is of.
type recordKind string

const (
	manifestRecord recordKind = "manifest" // of gomove.json; its SUM is the file's, and there is no JSON
	objectRecord   recordKind = "object"   // of the object's first file: its line of tables.jsonl, without rows
	chunkRecord    recordKind = "chunk"    // of its file: its line of chunks.jsonl
	endRecord      recordKind = "end"      // of a table, after its last chunk
	partRecord     recordKind = "part"
	lastRecord     recordKind = "last"
)

const (
	recordMark = "gomove "
	// recordPart is how much of a record one header holds: other readers have their bounds, Go's is 1 MiB.
	recordPart = 256 << 10
	// maxRecordBytes bounds a record: a line and what stands before it.
	maxRecordBytes = maxLineBytes + 1<<10
	// paxComment is the keyword (https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html).
	paxComment = "comment"
)

// recordComments is a record as it stands in headers, the last of which belongs to the entry. No character is cut apart.
func recordComments(kind recordKind, json []byte) (parts []string, last string) {
	text := string(kind) + " " + hashBytes(json) + " " + string(json)
	if len(text) <= recordPart {
		return nil, recordMark + text
	}
	for len(text) > recordPart {
		n := recordPart
		for n > 1 && !utf8.RuneStart(text[n]) {
			n--
		}
		parts = append(parts, recordMark+string(partRecord)+" "+text[:n])
		text = text[n:]
	}
	return parts, recordMark + string(lastRecord) + " " + text
}

// record is one that was read.
type record struct {
	kind recordKind
	sum  string
	json string
}

// recordReader puts records together.
type recordReader struct{ parts strings.Builder }

var errNotOurs = errors.New("an entry without gomove's record: extract a tar that is not gomove dump's own with tar, and load the directory")

// add takes the comment of a header. whole is false for a part that others follow.
func (r *recordReader) add(comment string) (rec record, whole bool, err error) {
	text, ok := strings.CutPrefix(comment, recordMark)
	if !ok {
		return rec, false, errNotOurs
	}
	kind, rest, _ := strings.Cut(text, " ")
	long := recordKind(kind) == partRecord || recordKind(kind) == lastRecord
	switch {
	case long && r.parts.Len()+len(rest) > maxRecordBytes:
		return rec, false, fmt.Errorf("a record of more than %d bytes", maxRecordBytes)
	case !long && r.parts.Len() > 0:
		return rec, false, errors.New("a record without its end")
	case long:
		r.parts.WriteString(rest)
		if recordKind(kind) == partRecord {
			return rec, false, nil
		}
		text = r.parts.String()
		r.parts.Reset()
		kind, rest, _ = strings.Cut(text, " ")
	}
	rec.kind = recordKind(kind)
	rec.sum, rec.json, ok = strings.Cut(rest, " ")
	switch {
	case !ok || !isSum(rec.sum):
		return rec, false, fmt.Errorf("a record %.40q without its checksum", text)
	case rec.kind != manifestRecord && hashBytes([]byte(rec.json)) != rec.sum:
		return rec, false, errRecordAltered
	}
	return rec, true, nil
}

var errRecordAltered = fmt.Errorf("a record: %w", errAltered)

// endLine is the JSON of an end.
type endLine struct {
	Schema string `json:"schema"`
	Table  string `json:"table"`
	Rows   int64  `json:"rows"` // -1 with --no-data
}

func (l *endLine) validate() error {
	if l.Rows < -1 || l.Schema == "" || l.Table == "" {
		return fmt.Errorf("the end of table %.80q.%.80q with %d rows", l.Schema, l.Table, l.Rows)
	}
	return nil
}
