package aurora

import "context"

// verdict is what becomes of a statement: an error, an answer of the stand-in's own, or a statement for the real server.
type verdict struct {
	sql   string
	err   error
	run   func(context.Context, *session) error
	local bool // the client may have to send a file

	unprepared error // the answer to run as a prepared statement
}

// judge looks at one packet's SQL.
func (p *Proxy) judge(sql string) verdict {
	const head = 1 << 10
	if len(sql) > head {
		if t := lex(sql[:head]); len(t) > 0 && t[0].is("INSERT", "REPLACE") { // its rows tell nothing
			return verdict{sql: sql, err: p.refuses(t)}
		}
	}
	tokens := lex(sql)
	parts := split(tokens)
	if len(parts) == 1 {
		return p.judgeOne(sql, parts[0])
	}
	all := verdict{sql: sql}
	for _, part := range parts {
		v := p.judgeOne(sql, part)
		switch {
		case v.err != nil:
			return v
		case v.run != nil, v.sql != sql:
			return verdict{err: standIn("not implemented: %.40q among several statements in one packet", sql[part[0].start:])}
		}
		all.local = all.local || v.local
	}
	return all
}

// split cuts several statements apart. The body of a stored object has semicolons of its own.
func split(tokens []token) (out [][]token) {
	if len(tokens) == 0 || tokens[0].is("CREATE", "ALTER") && (find(tokens, "BEGIN") >= 0 || find(tokens, "PROCEDURE") >= 0 || find(tokens, "FUNCTION") >= 0) {
		return [][]token{tokens}
	}
	begin := 0
	for i, t := range tokens {
		if t.is(";") {
			if i > begin {
				out = append(out, tokens[begin:i])
			}
			begin = i + 1
		}
	}
	if begin < len(tokens) || len(out) == 0 {
		out = append(out, tokens[begin:])
	}
	return out
}

func (p *Proxy) judgeOne(sql string, t []token) verdict {
	v := verdict{sql: sql}
	if len(t) == 0 {
		return v
	}
	v.unprepared = standIn("not implemented: this %s as a prepared statement", t[0].text)
	if v.err = p.refuses(t); v.err != nil {
		return v
	}
	switch {
	case t[0].is("LOAD"):
		if find(t, "FROM", "S3") == 2 {
			v.run = func(ctx context.Context, s *session) error { return s.loadFromS3(ctx, sql, t) }
			v.unprepared = &Error{errNotPrepared, "HY000", "This command is not supported in the prepared statement protocol yet"}
		}
		v.local = find(t, "LOCAL") >= 0
	case t[0].is("SHOW"):
		p.judgeShow(&v, t)
	case t[0].is("SELECT") && find(t, "OUTFILE", "S3") >= 0:
		v.run = func(ctx context.Context, s *session) error { return s.selectIntoS3(ctx, sql, t) }
	case t[0].is("GRANT", "REVOKE") && !p.line.roles:
		p.judgeGrant(&v, t)
	case t[0].is("SELECT", "SET", "DO", "CALL", "WITH"):
		v.sql = apply(sql, p.identify(t))
	}
	return v
}
