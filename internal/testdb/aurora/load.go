package aurora

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// loaded is a row of mysql.aurora_s3_load_history.
type loaded struct {
	file    string
	version string
	bytes   int64
}

// loadFromS3 is LOAD {DATA | XML} FROM S3 [FILE | PREFIX | MANIFEST] 'uri' ...: the objects go into one file on the server's disk, as
// in Aurora, and the real server loads that, in this session and its transaction, with all its checks.
func (s *session) loadFromS3(ctx context.Context, sql string, t []token) error {
	if !t[1].is("DATA", "XML") {
		return standIn("not implemented: LOAD %s FROM S3", t[1].text)
	}
	kind, at := "FILE", 4
	if at < len(t) && t[at].is("FILE", "PREFIX", "MANIFEST") {
		kind, at = strings.ToUpper(t[at].text), at+1
	}
	if at >= len(t) || t[at].quote != '\'' && t[at].quote != '"' || kind == "MANIFEST" && t[1].is("XML") {
		return s.plain(sql) // the real server's error of syntax
	}
	if err := s.mayReach(loadFromS3, "AWS_LOAD_S3_ACCESS"); err != nil {
		return err
	}
	uri := t[at].name()
	path := filepath.Join(s.p.dir, fmt.Sprintf("load-%d", s.p.files.Add(1)))
	defer os.Remove(path)
	files, err := s.p.download(ctx, kind, uri, path)
	if err != nil {
		return err
	}
	local := apply(sql, []edit{{t[2].start, t[at].end, "INFILE " + literal(path)}})
	return s.ask(local, func(r io.Reader) error {
		answer, err := readPacket(r)
		if err != nil {
			return err
		}
		if len(answer.payload) > 0 && answer.payload[0] == headerOK {
			if err := s.p.remember(ctx, uri, files); err != nil {
				return err
			}
		}
		return writePacket(s.client, answer)
	})
}

// plain passes a statement on as it is.
func (s *session) plain(sql string) error { return s.send(commandQuery, []byte(sql)) }

// mayReach checks the way to S3 in the order in which Aurora does: the account, the cluster's parameter, its role, the network.
func (s *session) mayReach(privilege, role string) error {
	needs := privilege
	if s.p.line.roles {
		needs = role
		active, err := s.rows("SELECT CURRENT_ROLE()")
		if err != nil {
			return err
		}
		if strings.Contains(active[0][0], "`"+role+"`") {
			needs = ""
		}
	} else {
		me, err := s.rows("SELECT CURRENT_USER()")
		if err != nil {
			return err
		}
		if s.p.holds(me[0][0], privilege) {
			needs = ""
		}
	}
	switch {
	case needs != "":
		return &Error{errSpecific, "42000", "Access denied; you need (at least one of) the " + needs + " privilege(s) for this operation"}
	case !s.p.roleNamed.Load():
		own := map[string]string{loadFromS3: "aurora_load_from_s3_role", selectIntoS3: "aurora_select_into_s3_role"}[privilege]
		return s.p.s3Error("Both %s and aws_default_s3_role are not specified, please see documentation for more details", own)
	case !s.p.roleAttached.Load():
		return s.p.s3Error("Missing Credentials: Cannot instantiate S3 Client")
	case s.p.store == nil:
		return s.p.s3Error("Network Connection")
	}
	return nil
}

// download puts what a LOAD names into one file.
func (p *Proxy) download(ctx context.Context, kind, uri, path string) (files []loaded, err error) {
	from, err := p.locate(uri)
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	names, optional := []object{from}, []bool{false}
	switch kind {
	case "PREFIX":
		if names, err = p.store.list(ctx, from); err != nil {
			return nil, p.explain(err)
		}
		optional = make([]bool, len(names))
	case "MANIFEST":
		var own loaded
		if names, optional, own, err = p.readManifest(ctx, from); err != nil {
			return nil, err
		}
		files = append(files, own)
	}
	found := 0
	for i, name := range names {
		one, err := p.add(ctx, name, f)
		if absent(err) && optional[i] {
			continue
		}
		if err != nil {
			return nil, p.asError(err)
		}
		if found++; found < len(names) && !p.endsRow(f) {
			return nil, standIn("not implemented: %s does not end with a line feed, and how Aurora goes on from one file to the next is not known", name.key)
		}
		files = append(files, one)
	}
	if found == 0 {
		return nil, p.s3Error("no file was found for %s", uri) // Aurora fails here; its text is not documented
	}
	return files, f.Close()
}

// readManifest also returns the manifest's own row of the history: it gets one.
func (p *Proxy) readManifest(ctx context.Context, from object) (names []object, optional []bool, own loaded, err error) {
	var text bytes.Buffer
	size, version, err := p.store.fetch(ctx, from, &text)
	if err != nil {
		return nil, nil, own, p.explain(err)
	}
	m, err := parseManifest(text.Bytes())
	if err != nil {
		return nil, nil, own, err
	}
	for _, e := range m.Entries {
		o, err := p.locate(*e.URL)
		if err != nil {
			return nil, nil, own, err
		}
		names, optional = append(names, o), append(optional, !e.Mandatory)
	}
	return names, optional, loaded{from.key, version, size}, nil
}

// add appends an object to the file. Compressed files are not supported; what Aurora does with one is not documented.
func (p *Proxy) add(ctx context.Context, o object, f *os.File) (loaded, error) {
	head := &firstBytes{to: f}
	n, version, err := p.store.fetch(ctx, o, head)
	if err != nil {
		return loaded{}, err
	}
	for name, magic := range map[string]string{"gzip": "\x1f\x8b", "zstd": "\x28\xb5\x2f\xfd", "bzip2": "BZh"} {
		if bytes.HasPrefix(head.first, []byte(magic)) {
			return loaded{}, standIn("%s is compressed by %s, and compressed files are not supported", o.key, name)
		}
	}
	return loaded{o.key, version, n}, nil
}

func (p *Proxy) asError(err error) error {
	if known, ok := err.(*Error); ok { //nolint:errorlint // made here, never wrapped
		return known
	}
	return p.explain(err)
}

// endsRow reports whether a file that is being written ends with a line feed, or is empty.
func (p *Proxy) endsRow(f *os.File) bool {
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil || size == 0 {
		return err == nil
	}
	r, err := os.Open(f.Name())
	if err != nil {
		return false
	}
	defer r.Close()
	last := make([]byte, 1)
	_, err = r.ReadAt(last, size-1)
	return err == nil && last[0] == '\n'
}

// firstBytes keeps the beginning of what goes through it.
type firstBytes struct {
	to    io.Writer
	first []byte
}

func (w *firstBytes) Write(b []byte) (int, error) {
	const enough = 8
	w.first = append(w.first, b[:min(len(b), max(0, enough-len(w.first)))]...)
	return w.to.Write(b)
}

// remember writes the history of a statement that has succeeded: a row for each file. That file_name is the object's key is a guess.
func (p *Proxy) remember(ctx context.Context, uri string, files []loaded) error {
	for f := range slices.Values(files) {
		if _, err := p.root.ExecContext(ctx, "INSERT INTO mysql.aurora_s3_load_history(load_prefix, file_name, version_number, bytes_loaded) VALUES("+
			literal(uri)+","+literal(f.file)+","+literal(f.version)+fmt.Sprintf(",%d)", f.bytes)); err != nil {
			return err
		}
	}
	return nil
}
