package aurora

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// partBytes is the size above which a new file begins.
const partBytes = 6 << 30

// unloading is a SELECT ... INTO OUTFILE S3.
type unloading struct {
	uri                 string
	manifest, overwrite bool
	edits               []edit
	split               bool // lines end with a line feed and are escaped by a backslash: only such a file is cut here
}

// selectIntoS3 has the real server write one file, and puts that into the bucket in parts, the manifest last.
func (s *session) selectIntoS3(ctx context.Context, sql string, t []token) error {
	path := filepath.Join(s.p.dir, fmt.Sprintf("select-%d", s.p.files.Add(1)))
	u, err := parseUnloading(t, path)
	if err != nil {
		return err
	}
	if err := s.mayReach(selectIntoS3, "AWS_SELECT_S3_ACCESS"); err != nil {
		return err
	}
	to, err := s.p.locate(u.uri)
	if err != nil {
		return err
	}
	if err := s.p.makeRoom(ctx, to, u.overwrite); err != nil {
		return err
	}
	defer os.Remove(path)
	return s.ask(apply(sql, u.edits), func(r io.Reader) error {
		answer, err := readPacket(r)
		if err != nil {
			return err
		}
		if len(answer.payload) > 0 && answer.payload[0] == headerOK {
			if err := s.p.upload(ctx, path, to, u); err != nil {
				return err
			}
		}
		return writePacket(s.client, answer)
	})
}

// parseUnloading finds what MySQL's INTO OUTFILE does not know, in the order of the grammar.
func parseUnloading(t []token, path string) (u unloading, err error) {
	i := find(t, "OUTFILE", "S3") + 1
	if i+1 >= len(t) || t[i+1].quote != '\'' && t[i+1].quote != '"' {
		return u, &Error{1064, "42000", "You have an error in your SQL syntax near 'S3'"}
	}
	u.uri, u.split = t[i+1].name(), true
	u.edits = []edit{{t[i].start, t[i+1].end, literal(path)}}
	for i += 2; i < len(t); i++ {
		on := i+1 < len(t) && t[i+1].is("ON")
		switch {
		case i+1 < len(t) && t[i].is("MANIFEST") && t[i+1].is("ON", "OFF"):
			u.manifest = on
		case i+1 < len(t) && t[i].is("OVERWRITE") && t[i+1].is("ON", "OFF"):
			u.overwrite = on
		case follow(t, i, "FORMAT", "TEXT") && !follow(t, i+2, "HEADER"), follow(t, i, "ENCRYPTION", "OFF"):
		case t[i].is("FORMAT"):
			return u, standIn("not implemented: FORMAT CSV and HEADER; how FORMAT CSV writes NULL is not documented")
		case t[i].is("ENCRYPTION"):
			return u, standIn("not implemented: ENCRYPTION")
		case t[i].is("STARTING"), t[i].is("ESCAPED") && i+2 < len(t) && t[i+2].name() != `\`,
			t[i].is("TERMINATED") && t[i-1].is("LINES") && i+2 < len(t) && t[i+2].text != `'\n'`:
			u.split = false
			continue
		default:
			continue
		}
		u.edits = append(u.edits, edit{t[i].start, t[i+1].end, ""})
		i++
	}
	return u, nil
}

// makeRoom refuses a prefix under which there is something. With OVERWRITE the files of the same names are written anew.
func (p *Proxy) makeRoom(ctx context.Context, to object, overwrite bool) error {
	there, err := p.store.list(ctx, to)
	switch {
	case err != nil:
		return p.explain(err)
	case len(there) > 0 && !overwrite:
		return standIn("%s exists: Aurora refuses that without OVERWRITE ON, with an error that is not documented", there[0].key)
	}
	return nil
}

func (p *Proxy) upload(ctx context.Context, path string, to object, u unloading) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	ends, err := p.cut(f, u.split)
	if err != nil {
		return err
	}
	var list manifest
	from := int64(0)
	for i, end := range ends {
		part := object{to.bucket, fmt.Sprintf("%s.part_%05d", to.key, i)}
		if err := p.store.put(ctx, part, f, from, end-from); err != nil {
			return p.explain(err)
		}
		url := fmt.Sprintf("s3-%s://%s/%s", p.store.region, part.bucket, part.key)
		list.Entries = append(list.Entries, manifestEntry{URL: &url})
		from = end
	}
	if !u.manifest {
		return nil
	}
	text, err := json.Marshal(list)
	if err != nil {
		return err
	}
	name := to.key + ".manifest"
	if _, err := p.store.client.PutObject(ctx, &s3.PutObjectInput{Bucket: &to.bucket, Key: &name, Body: bytes.NewReader(text)}); err != nil {
		return p.explain(err)
	}
	return nil
}

// cut returns where the parts end. A row is never split: a part ends with the row in which it passes its size.
func (p *Proxy) cut(f *os.File, split bool) (ends []int64, err error) {
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, err
	case info.Size() == 0:
		return nil, standIn("not implemented: what Aurora writes for no rows is not documented")
	case info.Size() <= p.partBytes:
		return []int64{info.Size()}, nil
	case !split:
		return nil, standIn("not implemented: several parts of lines that do not end with '\\n', or are not escaped by '\\'")
	}
	r := bufio.NewReaderSize(f, 1<<20)
	var at, begin int64
	escaped := false
	for {
		c, err := r.ReadByte()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		at++
		if c == '\n' && !escaped && at-begin >= p.partBytes {
			ends, begin = append(ends, at), at
		}
		escaped = c == '\\' && !escaped
	}
	if begin < at {
		ends = append(ends, at)
	}
	return ends, nil
}
