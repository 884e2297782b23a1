//! The kernel's own type information: where a field lies, what a tracepoint passes.
//!
//! aya reads BTF to attach programs but does not tell the offset of a member, and the BTF libraries
//! of the registry are either under a copyleft licence or bound to C. What we need is small: format
//! in Documentation/bpf/btf.rst of the kernel tree.

use std::fmt;

use thiserror::Error;

const MAGIC: u16 = 0xeb9f;
const HEADER_LEN: usize = 24;
/// Structs within structs: deeper nesting than this is a damaged file.
const MAX_DEPTH: usize = 16;

/// Why a field or type could not be found.
#[derive(Debug, Clone, Error, PartialEq, Eq)]
pub enum BtfError {
    /// The bytes are not BTF as this machine writes it.
    #[error("not valid BTF: {what} at byte {at}")]
    Invalid {
        /// What was wrong.
        what: &'static str,
        /// Offset in the file.
        at: usize,
    },
    /// The kernel does not have it.
    #[error("this kernel has no {0}")]
    Missing(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
enum Kind {
    Int = 1,
    Ptr = 2,
    Array = 3,
    Struct = 4,
    Union = 5,
    Enum = 6,
    Fwd = 7,
    Typedef = 8,
    Volatile = 9,
    Const = 10,
    Restrict = 11,
    Func = 12,
    FuncProto = 13,
    Var = 14,
    DataSec = 15,
    Float = 16,
    DeclTag = 17,
    TypeTag = 18,
    Enum64 = 19,
}

impl Kind {
    fn from_bits(bits: u32) -> Option<Self> {
        use Kind::*;
        const ALL: [Kind; 19] = [
            Int, Ptr, Array, Struct, Union, Enum, Fwd, Typedef, Volatile, Const, Restrict, Func,
            FuncProto, Var, DataSec, Float, DeclTag, TypeTag, Enum64,
        ];
        ALL.get((bits as usize).checked_sub(1)?).copied()
    }

    /// Bytes that follow the 12 of every type.
    fn tail_len(self, vlen: usize) -> usize {
        match self {
            Kind::Int | Kind::Var | Kind::DeclTag => 4,
            Kind::Array => 12,
            Kind::Struct | Kind::Union | Kind::DataSec | Kind::Enum64 => 12 * vlen,
            Kind::Enum | Kind::FuncProto => 8 * vlen,
            _ => 0,
        }
    }
}

#[derive(Clone, Copy)]
struct Type {
    name: u32,
    kind: Kind,
    /// Bit 31 of `info`: member offsets carry a bit-field size in their top byte.
    bit_fields: bool,
    vlen: usize,
    /// Size, or the type referred to.
    reference: u32,
    /// Where the bytes behind the header begin.
    tail: usize,
}

/// Parsed just far enough to look things up; borrows the file's bytes.
pub struct Btf<'a> {
    bytes: &'a [u8],
    strings: &'a [u8],
    /// Where each type begins; type ids count from 1.
    types: Vec<u32>,
}

impl fmt::Debug for Btf<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Btf({} types)", self.types.len())
    }
}

fn invalid(what: &'static str, at: usize) -> BtfError {
    BtfError::Invalid { what, at }
}

fn u32_at(bytes: &[u8], at: usize) -> Result<u32, BtfError> {
    let word = bytes
        .get(at..at.saturating_add(4))
        .and_then(|word| word.try_into().ok());
    word.map(u32::from_ne_bytes).ok_or(invalid("cut short", at))
}

impl<'a> Btf<'a> {
    /// Indexes the types of a whole BTF file (`/sys/kernel/btf/vmlinux`).
    ///
    /// # Errors
    /// [`BtfError::Invalid`] if the bytes are damaged, or of the other byte order.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, BtfError> {
        if bytes.len() < HEADER_LEN {
            return Err(invalid("shorter than its header", bytes.len()));
        }
        if u16::from_ne_bytes([bytes[0], bytes[1]]) != MAGIC {
            return Err(invalid("wrong magic number", 0));
        }
        let header = u32_at(bytes, 4)? as usize;
        let section = |at: usize| -> Result<&'a [u8], BtfError> {
            let start = header.saturating_add(u32_at(bytes, at)? as usize);
            let end = start.saturating_add(u32_at(bytes, at + 4)? as usize);
            bytes
                .get(start..end)
                .ok_or(invalid("section beyond the end", at))
        };
        let (types_section, strings) = (section(8)?, section(16)?);
        let mut btf = Btf {
            bytes: types_section,
            strings,
            types: Vec::new(),
        };
        let mut at = 0;
        while at < types_section.len() {
            let ty = btf.read_type(at)?;
            btf.types.push(at as u32);
            at = ty.tail + ty.kind.tail_len(ty.vlen);
        }
        Ok(btf)
    }

    fn read_type(&self, at: usize) -> Result<Type, BtfError> {
        let info = u32_at(self.bytes, at + 4)?;
        Ok(Type {
            name: u32_at(self.bytes, at)?,
            kind: Kind::from_bits(info >> 24 & 0x1f).ok_or(invalid("unknown kind of type", at))?,
            bit_fields: info >> 31 != 0,
            vlen: (info & 0xffff) as usize,
            reference: u32_at(self.bytes, at + 8)?,
            tail: at + 12,
        })
    }

    fn type_by_id(&self, id: u32) -> Option<Type> {
        let at = *self.types.get((id as usize).checked_sub(1)?)?;
        self.read_type(at as usize).ok()
    }

    fn name(&self, offset: u32) -> &'a [u8] {
        let rest = self.strings.get(offset as usize..).unwrap_or_default();
        rest.split(|&byte| byte == 0).next().unwrap_or_default()
    }

    fn find(&self, kind: Kind, name: &str) -> Option<Type> {
        self.types
            .iter()
            .filter_map(|&at| self.read_type(at as usize).ok())
            .find(|ty| ty.kind == kind && self.name(ty.name) == name.as_bytes())
    }

    /// Follows typedefs and qualifiers.
    fn resolve(&self, mut id: u32) -> Option<Type> {
        for _ in 0..MAX_DEPTH {
            let ty = self.type_by_id(id)?;
            match ty.kind {
                Kind::Typedef | Kind::Volatile | Kind::Const | Kind::Restrict | Kind::TypeTag => {
                    id = ty.reference;
                }
                _ => return Some(ty),
            }
        }
        None
    }

    /// Offset in bytes of a member, also of members of members: `["se", "sum_exec_runtime"]`.
    /// Anonymous structs and unions are looked through.
    ///
    /// # Errors
    /// [`BtfError::Missing`] if the kernel has no such struct or member, or it is a bit field.
    pub fn offset(&self, of: &str, path: &[&str]) -> Result<u64, BtfError> {
        let missing = || BtfError::Missing(format!("{of}.{}", path.join(".")));
        let mut holder = self.find(Kind::Struct, of);
        let mut bits = 0u64;
        for name in path {
            let within = holder.ok_or_else(missing)?;
            let (member_bits, id) = self
                .member(within, name.as_bytes(), 0)
                .ok_or_else(missing)?;
            bits += member_bits;
            holder = self.resolve(id);
        }
        if bits.is_multiple_of(8) {
            Ok(bits / 8)
        } else {
            Err(missing())
        }
    }

    fn member(&self, of: Type, name: &[u8], depth: usize) -> Option<(u64, u32)> {
        if !matches!(of.kind, Kind::Struct | Kind::Union) || depth > MAX_DEPTH {
            return None;
        }
        for index in 0..of.vlen {
            let at = of.tail + 12 * index;
            let own_name = self.name(u32_at(self.bytes, at).ok()?);
            let id = u32_at(self.bytes, at + 4).ok()?;
            let raw = u32_at(self.bytes, at + 8).ok()?;
            let bits = u64::from(if of.bit_fields {
                raw & 0x00ff_ffff
            } else {
                raw
            });
            if own_name == name {
                return Some((bits, id));
            }
            if own_name.is_empty()
                && let Some(inner) = self.resolve(id)
                && let Some((inner_bits, id)) = self.member(inner, name, depth + 1)
            {
                return Some((bits + inner_bits, id));
            }
        }
        None
    }

    /// Names of the structs that a tracepoint's arguments point to, in order; `None` for an
    /// argument that is no pointer to a struct.
    ///
    /// # Errors
    /// [`BtfError::Missing`] if the kernel has no such tracepoint.
    pub fn tracepoint(&self, name: &str) -> Result<Vec<Option<String>>, BtfError> {
        let missing = || BtfError::Missing(format!("tracepoint {name}"));
        let typedef = self
            .find(Kind::Typedef, &format!("btf_trace_{name}"))
            .ok_or_else(missing)?;
        let pointer = self.resolve(typedef.reference).ok_or_else(missing)?;
        let proto = self.resolve(pointer.reference).ok_or_else(missing)?;
        if proto.kind != Kind::FuncProto {
            return Err(missing());
        }
        let argument = |index: usize| -> Option<String> {
            let id = u32_at(self.bytes, proto.tail + 8 * index + 4).ok()?;
            let pointer = self.resolve(id).filter(|ty| ty.kind == Kind::Ptr)?;
            let target = self
                .resolve(pointer.reference)
                .filter(|ty| ty.kind == Kind::Struct)?;
            Some(String::from_utf8_lossy(self.name(target.name)).into_owned())
        };
        // The first parameter is the tracepoint's private data, which programs do not see.
        Ok((1..proto.vlen).map(argument).collect())
    }

    /// Number of arguments of a kernel function.
    ///
    /// # Errors
    /// [`BtfError::Missing`] if the kernel has no such function, or keeps it in a module.
    pub fn arguments(&self, function: &str) -> Result<usize, BtfError> {
        let proto = self
            .find(Kind::Func, function)
            .and_then(|found| self.type_by_id(found.reference));
        let missing = || BtfError::Missing(format!("function {function}"));
        proto.map(|proto| proto.vlen).ok_or_else(missing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Builds BTF by hand: the strings, then types as (name, info, size or type, tail words).
    type Described<'a> = (&'a str, u32, u32, Vec<(&'a str, [u32; 2])>);

    fn build(types: &[Described<'_>]) -> Vec<u8> {
        let mut strings = vec![0u8];
        let mut intern = |name: &str| -> u32 {
            if name.is_empty() {
                return 0;
            }
            let at = strings.len() as u32;
            strings.extend_from_slice(name.as_bytes());
            strings.push(0);
            at
        };
        let mut body: Vec<u32> = Vec::new();
        for (name, info, reference, members) in types {
            body.extend([intern(name), *info, *reference]);
            let kind = info >> 24 & 0x1f;
            for (member, [first, second]) in members {
                body.extend([intern(member), *first]);
                if kind != Kind::FuncProto as u32 {
                    body.push(*second);
                }
            }
        }
        let body: Vec<u8> = body.iter().flat_map(|word| word.to_ne_bytes()).collect();
        let mut file = MAGIC.to_ne_bytes().to_vec();
        file.extend([1, 0]);
        for word in [
            HEADER_LEN as u32,
            0,
            body.len() as u32,
            body.len() as u32,
            strings.len() as u32,
        ] {
            file.extend(word.to_ne_bytes());
        }
        file.extend(body);
        file.extend(strings);
        file
    }

    fn info(kind: Kind, vlen: u32) -> u32 {
        (kind as u32) << 24 | vlen
    }

    /// struct task { [union { int a; struct inner { _, x } named; }] ; int pid }, tracepoint with it
    fn sample() -> Vec<u8> {
        build(&[
            (
                "inner",
                info(Kind::Struct, 2),
                16,
                vec![("w", [0, 0]), ("x", [0, 64])],
            ),
            (
                "",
                info(Kind::Union, 2),
                16,
                vec![("a", [0, 0]), ("named", [1, 0])],
            ),
            (
                "task",
                info(Kind::Struct, 2),
                24,
                vec![("", [2, 64]), ("pid", [0, 192])],
            ),
            ("alias", info(Kind::Const, 0), 1, vec![]),
            ("", info(Kind::Ptr, 0), 3, vec![]),
            (
                "",
                info(Kind::FuncProto, 3),
                0,
                vec![("__data", [0, 0]), ("preempt", [0, 0]), ("task", [5, 0])],
            ),
            ("", info(Kind::Ptr, 0), 6, vec![]),
            ("btf_trace_switch", info(Kind::Typedef, 0), 7, vec![]),
        ])
    }

    #[test]
    fn members_are_found_through_anonymous_unions_and_qualifiers() {
        let bytes = sample();
        let btf = Btf::parse(&bytes).unwrap();
        assert_eq!(btf.offset("task", &["pid"]), Ok(24));
        assert_eq!(btf.offset("task", &["named", "x"]), Ok(16));
        assert_eq!(
            btf.offset("task", &["gone"]),
            Err(BtfError::Missing("task.gone".into()))
        );
        assert_eq!(
            btf.offset("nothing", &["x"]),
            Err(BtfError::Missing("nothing.x".into()))
        );
    }

    #[test]
    fn a_tracepoint_tells_its_arguments() {
        let bytes = sample();
        let btf = Btf::parse(&bytes).unwrap();
        assert_eq!(
            btf.tracepoint("switch"),
            Ok(vec![None, Some("task".to_owned())])
        );
        assert!(btf.tracepoint("other").is_err());
    }

    #[test]
    fn a_cut_file_is_an_error_or_lacks_the_member() {
        let bytes = sample();
        for len in 0..bytes.len() {
            if let Ok(btf) = Btf::parse(&bytes[..len]) {
                let _ = btf.offset("task", &["pid"]);
            }
        }
        assert!(Btf::parse(&bytes[..HEADER_LEN - 1]).is_err());
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(mut bytes: Vec<u8>, splice in any::<(usize, u8)>()) {
            let mut damaged = sample();
            let at = splice.0 % damaged.len();
            damaged[at] = splice.1;
            bytes.splice(0..0, damaged);
            if let Ok(btf) = Btf::parse(&bytes) {
                let _ = btf.offset("task", &["named", "x"]);
                let _ = btf.tracepoint("switch");
            }
        }
    }

    #[test]
    fn the_running_kernel_has_a_task_struct() {
        let Ok(bytes) = std::fs::read("/sys/kernel/btf/vmlinux") else {
            return;
        };
        let btf = Btf::parse(&bytes).unwrap();
        assert!(btf.offset("task_struct", &["pid"]).unwrap() > 0);
        assert!(btf.tracepoint("sched_switch").unwrap().len() >= 3);
    }
}
